"""The only calls of posts to other services."""
