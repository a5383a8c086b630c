"""The only calls of users to other services."""
