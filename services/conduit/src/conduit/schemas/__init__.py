"""Request and response bodies of the RealWorld API."""
