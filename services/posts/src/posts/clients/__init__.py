"""posts' clients for other services."""
