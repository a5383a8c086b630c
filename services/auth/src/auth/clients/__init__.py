"""auth's clients: mail servers, and its tokens for calls to other services."""
