"""The refresh token: `rt1.<key id>.<session id>.<generation>.<mac>`.

The MAC is HMAC-SHA256, under the server's key, over the session id, the generation and the session's own 32 random
bytes. So neither the key alone nor the database alone makes a token (S-23), and the current one can be computed again
when its answer was lost on the way.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from uuid import UUID

SHAPE: Final = re.compile(r"rt1\.([0-9a-f]{8})\.([0-9a-f]{32})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a token says of itself, not yet believed."""

    key_id: str
    session_id: UUID
    generation: int
    mac: str


def parse(token: str) -> RefreshToken | None:
    """The parts of a token, or None if it has not the shape of one."""
    match = SHAPE.fullmatch(token)
    if match is None:
        return None
    key_id, session_id, generation, mac = match.groups()
    return RefreshToken(key_id, UUID(session_id), int(generation), mac)


class RefreshTokens:
    """Makes and checks tokens under the server's key."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(b"trivium refresh tokens\0" + key.encode()).digest()
        self._key_id = hashlib.sha256(b"id\0" + self._key).hexdigest()[:8]

    def make(self, session_id: UUID, generation: int, secret: bytes) -> str:
        return f"rt1.{self._key_id}.{session_id.hex}.{generation}.{self._mac(session_id, generation, secret)}"

    def genuine(self, token: RefreshToken, secret: bytes) -> bool:
        """Whether this server made the token, of whatever generation, for the session with this secret."""
        mac = self._mac(token.session_id, token.generation, secret)
        return token.key_id == self._key_id and hmac.compare_digest(mac, token.mac)

    def _mac(self, session_id: UUID, generation: int, secret: bytes) -> str:
        message = session_id.bytes + generation.to_bytes(8, "big") + secret
        return urlsafe_b64encode(hmac.digest(self._key, message, "sha256")).rstrip(b"=").decode()
