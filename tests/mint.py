"""Signs tokens with auth's own key, for tests of what else their verifiers check."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from jose.backends.base import Key

from common.services import AUDIENCES


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


NEVER: Final = str(uuid.UUID(int=0))
"""A session that does not exist."""


@dataclass(frozen=True)
class Mint:
    """Signs any claims with auth's own key, so that no forgery is refused because of its signature."""

    kid: str
    key: Key
    issuer: str
    account_id: int
    audience: str
    """The service whose verifier is tested."""

    @property
    def elsewhere(self) -> str:
        return "auth" if self.audience == "users" else "users"

    def header(self, **changes: object) -> dict[str, object]:
        return {"alg": "ES256", "typ": "at+jwt", "kid": self.kid, **changes}

    def claims(self, **changes: object) -> dict[str, object]:
        now = int(time.time())
        who = {
            "sub": str(self.account_id),
            "client_id": "trivium",
            "scope": "api",
            "sid": str(uuid.UUID(int=0)),
        }
        where = {
            "iss": self.issuer,
            "aud": list({**dict.fromkeys(AUDIENCES), self.audience: None}),
            "jti": secrets.token_urlsafe(16),
        }
        return {**who, **where, "iat": now, "nbf": now, "exp": now + 300, **changes}

    def token(self, claims: dict[str, object] | bytes | None = None, header: dict[str, object] | bytes = b"") -> str:
        head = header or self.header()
        body = self.claims() if claims is None else claims
        parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body))
        return self.sign(".".join(b64(part) for part in parts))

    def sign(self, text: str) -> str:
        return f"{text}.{b64(self.key.sign(text.encode()))}"


def without(found: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in found.items() if key != name}
