"""Makes access tokens (RFC 9068): short-lived, signed with ES256, without anything personal."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from jose import jwt
from jose.backends.base import Key

from auth.services.records import Account
from common.services import AUDIENCES
from common.tokens.claims import ALGORITHM, SERVICE_SCOPE, TYPE, USER_SCOPE

CLIENT: Final = "trivium"


class Signer(Protocol):
    """Provides the key that signs now."""

    def active(self) -> tuple[str, Key]:
        """Key id and private key. Raises KeysUnavailable if there is none yet."""


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Issues tokens for people and services. `now` is in seconds, by the database's clock."""

    signer: Signer
    issuer: str
    ttl: timedelta
    new_id: Callable[[], str] = lambda: secrets.token_urlsafe(16)

    @property
    def expires_in(self) -> int:
        return int(self.ttl.total_seconds())

    def for_person(self, account: Account, session_id: UUID, now: int, client: str = CLIENT) -> str:
        """Valid at all services. Never dated before `tokens_not_before`, or it would be refused at once.

        Other clients' tokens have no roles (`services.conduit`).
        """
        issued_at = max(now, account.tokens_not_before)
        about = {"sub": str(account.id), "client_id": client, "scope": USER_SCOPE, "sid": str(session_id)}
        has_roles = account.roles and client == CLIENT
        roles = {"roles": account.roles} if has_roles else {}  # validators of RFC 9068 refuse an empty list
        return self._sign({**about, "aud": list(AUDIENCES), **roles}, issued_at)

    def for_service(self, client_id: str, audience: str, now: int) -> str:
        """Valid at one service."""
        about = {"sub": client_id, "client_id": client_id, "scope": SERVICE_SCOPE}
        return self._sign({**about, "aud": [audience]}, now)

    def _sign(self, about: dict[str, Any], issued_at: int) -> str:
        kid, key = self.signer.active()
        times = {"iat": issued_at, "nbf": issued_at, "exp": issued_at + self.expires_in}
        claims = {"iss": self.issuer, "jti": self.new_id(), **about, **times}
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": kid})
