"""How secrets that the server has made are stored."""

import hashlib


def hash_secret(secret: str) -> bytes:
    """The stored form of a secret with so many random bits that nobody can guess it: its SHA-256 (ASVS 6.5.2).

    Passwords and other texts that people choose need more (`services.passwords`).
    """
    return hashlib.sha256(secret.encode(errors="replace")).digest()
