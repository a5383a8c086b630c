"""skeleton' rules. They know no SQL, no HTTP and no FastAPI."""
