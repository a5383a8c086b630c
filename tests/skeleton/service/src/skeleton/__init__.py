"""A new service."""
