"""Request and response bodies of users."""
