"""Passwords: hashing, which ones are accepted, and how one is changed or reset."""
