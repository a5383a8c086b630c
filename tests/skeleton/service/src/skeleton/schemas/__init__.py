"""Request and response bodies of skeleton."""
