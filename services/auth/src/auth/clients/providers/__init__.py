"""Calls to providers of identities. Their answers are untrusted input."""
