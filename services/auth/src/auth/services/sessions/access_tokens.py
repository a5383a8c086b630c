"""Makes access tokens (RFC 9068): short-lived, signed with ES256, without anything personal."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from jose import jwt
from jose.backends.base import Key

from auth.services.api_keys.records import UsableKey
from auth.services.records import Session
from common.services import AUDIENCES
from common.tokens.claims import ALGORITHM, KEY_CLIENT, MULTI_FACTOR, SERVICE_SCOPE, TYPE, USER_SCOPE

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

    def require_key(self) -> None:
        """Raises KeysUnavailable."""
        self.signer.active()

    def for_person(self, session: Session) -> str:
        """Valid at all services. Never dated before `tokens_not_before`, or it would be refused at once.

        `amr` and `auth_time` say how and when the person proved who they are (RFC 8176, RFC 9470); `acr` is `mfa` if it
        was with two factors. Other clients' tokens have no roles (`services.conduit`).
        """
        account = session.account
        issued_at = max(session.now, account.tokens_not_before)
        about: dict[str, Any] = {
            "sub": str(account.id),
            "client_id": session.client,
            "scope": USER_SCOPE,
            "sid": str(session.id),
        }
        about |= {"amr": session.methods, "auth_time": session.proven_at}
        about |= {"acr": MULTI_FACTOR} if MULTI_FACTOR in session.methods else {}
        has_roles = account.roles and session.client == CLIENT
        roles = {"roles": account.roles} if has_roles else {}  # validators of RFC 9068 refuse an empty list
        return self._sign({**about, "aud": list(AUDIENCES), **roles}, issued_at)

    def for_key(self, key: UsableKey, scopes: Sequence[str], audiences: Sequence[str]) -> tuple[str, int]:
        """For an API key, and how many seconds it is valid: not longer than the key. Without roles."""
        issued_at = max(key.now, key.tokens_not_before)
        left = self.expires_in if key.expires_at is None else max(1, key.expires_at - issued_at)
        lasts = min(self.expires_in, left)
        about = {"sub": str(key.account_id), "client_id": KEY_CLIENT, "scope": " ".join(scopes), "sid": str(key.id)}
        return self._sign({**about, "aud": list(audiences)}, issued_at, lasts), lasts

    def for_service(self, client_id: str, audience: str, now: int) -> str:
        """Valid at one service."""
        about = {"sub": client_id, "client_id": client_id, "scope": SERVICE_SCOPE}
        return self._sign({**about, "aud": [audience]}, now)

    def _sign(self, about: dict[str, Any], issued_at: int, lasts: int | None = None) -> str:
        kid, key = self.signer.active()
        times = {"iat": issued_at, "nbf": issued_at, "exp": issued_at + (lasts or self.expires_in)}
        claims = {"iss": self.issuer, "jti": self.new_id(), **about, **times}
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": kid})
