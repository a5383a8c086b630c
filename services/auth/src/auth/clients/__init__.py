"""The only calls of auth to other services."""
