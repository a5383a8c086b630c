"""The signing keys: made here, encrypted at rest, held in memory while they are published."""

import asyncio
import hashlib
import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jose import jwk
from jose.backends.base import Key

from auth.services.ports import Work
from auth.services.records import StoredKey
from common.jwks import PublicKey, parse
from common.ports import Transactions
from common.tokens import ALGORITHM, KeysUnavailable

log = structlog.get_logger()

NONCE: Final = 12
COORDINATE: Final = 32


class KeyCipher:
    """AES-256-GCM under a key derived from KEY_ENCRYPTION_KEY; the key's id is bound in."""

    def __init__(self, secret: str) -> None:
        derive = HKDF(hashes.SHA256(), length=32, salt=None, info=b"trivium signing keys")
        self._cipher = AESGCM(derive.derive(secret.encode()))

    def encrypt(self, kid: str, private_key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, private_key, kid.encode())

    def decrypt(self, kid: str, stored: bytes) -> bytes:
        """Raises InvalidTag when the key or the row is not the right one."""
        return self._cipher.decrypt(stored[:NONCE], stored[NONCE:], kid.encode())


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


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment."""

    signing: tuple[str, Key]
    public: dict[str, Key]
    published: list[PublicKey]


class OwnKeys:
    """auth's own keys, as signer and as `common.tokens.Keys`; read again every few seconds."""

    REFRESH_EVERY: Final = 10.0
    RETRY_EVERY: Final = 0.5

    def __init__(self, transactions: Transactions[Work], cipher: KeyCipher) -> None:
        self._transactions = transactions
        self._cipher = cipher
        self._ring: KeyRing | None = None
        self._wrong_secret = False

    def active(self) -> tuple[str, Key]:
        return self._current().signing

    def published(self) -> list[PublicKey]:
        return self._current().published

    async def find(self, kid: str) -> Key | None:
        return self._current().public.get(kid)

    def knows(self, kid: str) -> bool:
        return self._ring is not None and kid in self._ring.public

    def _current(self) -> KeyRing:
        if self._ring is None:
            raise KeysUnavailable("The signing keys are not loaded yet.")
        return self._ring

    async def signing_keys_are_loaded(self) -> str | None:
        """For `/readyz`."""
        if self._wrong_secret:
            return "signing keys: KEY_ENCRYPTION_KEY does not open them"
        return None if self._ring else "signing keys: not loaded yet"

    async def load(self) -> None:
        """Read the keys, and make the first one if there is none."""
        async with self._transactions() as work:
            stored = await work.keys.all()
            if not stored:
                await work.keys.add_first(new_key(self._cipher, "active"))
                stored = await work.keys.all()
        active = next(key for key in stored if key.state == "active")
        try:
            pem = self._cipher.decrypt(active.kid, active.private_key)
        except InvalidTag:
            self._wrong_secret = True
            raise
        published = [PublicKey.model_validate(key.public_jwk) for key in stored]
        self._ring = KeyRing((active.kid, jwk.construct(pem.decode(), ALGORITHM)), parse(published), published)
        self._wrong_secret = False

    async def keep_fresh(self) -> None:
        """Runs as long as the service; a database that is away is asked again."""
        while True:
            try:
                await self.load()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next try may go well; /readyz tells
                log.warning("signing keys not loaded", reason=repr(error)[:200])
            await asyncio.sleep(self.REFRESH_EVERY if self._ring else self.RETRY_EVERY)
