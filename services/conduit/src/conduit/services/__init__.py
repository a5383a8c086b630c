"""conduit's rules. They know no HTTP and no FastAPI."""
