"""conduit's clients for other services."""
