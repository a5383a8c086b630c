"""Passkeys (Web Authentication, level 3): adding and removing them, and signing in with one."""
