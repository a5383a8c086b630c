"""auth's business rules. They know no SQL, no HTTP and no FastAPI."""
