"""Key pairs: their creation, and the encryption of their private halves."""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth.services.records import StoredKey
from common.tokens.known_keys import PublicKey

NONCE: Final = 12
COORDINATE: Final = 32


class WrongEncryptionKey(Exception):
    """KEY_ENCRYPTION_KEY is not the one that the key was stored under."""


class KeyCipher:
    """AES-256-GCM under a key derived from KEY_ENCRYPTION_KEY; the id of what is encrypted is bound in.

    It still decrypts with previous secrets, but never encrypts with them.
    """

    def __init__(self, secret: str, *previous: str) -> None:
        self._current = derive(secret)
        self._all = (self._current, *map(derive, previous))

    def encrypt(self, kid: str, private_key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._current.encrypt(nonce, private_key, kid.encode())

    def decrypt(self, kid: str, stored: bytes) -> bytes:
        """The private key, as PEM. Raises WrongEncryptionKey, also for a row that was tampered with."""
        for cipher in self._all:
            try:
                return cipher.decrypt(stored[:NONCE], stored[NONCE:], kid.encode())
            except (InvalidTag, ValueError):
                continue
        raise WrongEncryptionKey("KEY_ENCRYPTION_KEY does not open the stored key")

    def is_current(self, kid: str, stored: bytes) -> bool:
        """Whether it is encrypted with the current secret."""
        try:
            self._current.decrypt(stored[:NONCE], stored[NONCE:], kid.encode())
        except (InvalidTag, ValueError):
            return False
        return True

    def opens(self, key: StoredKey) -> bool:
        try:
            self.decrypt(key.kid, key.private_key)
        except WrongEncryptionKey:
            return False
        return True


def derive(secret: str) -> AESGCM:
    kdf = HKDF(hashes.SHA256(), length=32, salt=None, info=b"trivium signing keys")
    return AESGCM(kdf.derive(secret.encode()))


def new_key(cipher: KeyCipher, state: str) -> StoredKey:
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(COORDINATE, "big")) for number in (numbers.x, numbers.y))
    required = {"crv": "P-256", "kty": "EC", "x": x, "y": y}  # RFC 7638: these, in this order, without spaces
    kid = base64url(hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return StoredKey(kid, PublicKey(kid=kid, x=x, y=y).model_dump(), cipher.encrypt(kid, pem), state)


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
