"""The refresh token: `rt1.<key id>.<session id>.<generation>.<mac>`.

The MAC is HMAC-SHA256, under the server's key, over the session id, the generation and the session's own 32 random
bytes. So neither the key nor the database alone is enough to make a token (S-23). The current token can be recomputed
if its answer was lost.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from uuid import UUID

SHAPE: Final = re.compile(r"rt1\.([0-9a-f]{8})\.([0-9a-f]{32})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})")

LASTING_SHAPE: Final = re.compile(r"st1\.([0-9a-f]{8})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")
LASTING: Final = 0
"""In place of a generation."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The parts of a token, not yet verified."""

    key_id: str
    session_id: UUID
    generation: int
    mac: str


def parse(token: str) -> RefreshToken | None:
    """The parts of a token, or None if it has another shape."""
    match = SHAPE.fullmatch(token)
    if match is None:
        return None
    key_id, session_id, generation, mac = match.groups()
    return RefreshToken(key_id, UUID(session_id), int(generation), mac)


def parse_lasting(token: str) -> RefreshToken | None:
    """The parts of a lasting token, or None if it has another shape."""
    match = LASTING_SHAPE.fullmatch(token)
    if match is None:
        return None
    key_id, session_id, mac = match.groups()
    return RefreshToken(key_id, UUID(session_id), LASTING, mac)


class RefreshTokens:
    """Makes tokens under the server's key, and checks them under it and under previous keys."""

    def __init__(self, key: str, *previous: str) -> None:
        secrets = [hashlib.sha256(b"trivium refresh tokens\0" + one.encode()).digest() for one in (key, *previous)]
        self._keys = {hashlib.sha256(b"id\0" + secret).hexdigest()[:8]: secret for secret in reversed(secrets)}
        *_, self._key_id = self._keys

    def make(self, session_id: UUID, generation: int, secret: bytes) -> str:
        made = mac(self._keys[self._key_id], session_id, generation, secret)
        return f"rt1.{self._key_id}.{session_id.hex}.{generation}.{made}"

    def make_lasting(self, session_id: UUID, secret: bytes) -> str:
        """The token of a lasting session. It never changes, and is no refresh token: no generation is 0."""
        made = mac(self._keys[self._key_id], session_id, LASTING, secret)
        return f"st1.{self._key_id}.{session_id.hex}.{made}"

    def genuine(self, token: RefreshToken, secret: bytes) -> bool:
        """Whether this server made the token, of any generation, for the session with this secret."""
        key = self._keys.get(token.key_id)
        return key is not None and hmac.compare_digest(mac(key, token.session_id, token.generation, secret), token.mac)


def mac(key: bytes, session_id: UUID, generation: int, secret: bytes) -> str:
    message = session_id.bytes + generation.to_bytes(8, "big") + secret
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")).rstrip(b"=").decode()
