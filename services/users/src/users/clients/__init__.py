"""users' clients for other services."""
