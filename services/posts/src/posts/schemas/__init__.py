"""Request and response bodies of posts."""
