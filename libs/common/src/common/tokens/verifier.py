"""Access tokens: their claims, and the only function that accepts them (RFC 9068, RFC 8725).

python-jose checks the signature. It accepts unknown `crit`, any `typ`, missing or mistyped claims and non-canonical
base64; these are refused here. Every failure, of whatever kind, is one `InvalidToken`.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import structlog
from jose import jwt
from jose.backends.base import Key

from common.errors import DependencyUnavailable
from common.tokens.claims import (
    ALGORITHM,
    KEY_CLIENT,
    TYPE,
    InvalidToken,
    Principal,
    decode_part,
    strict_object,
    subject_fits,
    text,
    texts,
)

log = structlog.get_logger()

LEEWAY: Final = 5
"""Tolerated clock skew in seconds (S-16: at most 10)."""
MAX_LIFETIME: Final = 3600
MAX_LENGTH: Final = 4096
CACHED: Final = 10_000
SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
TEXT_CLAIMS: Final = ("iss", "sub", "jti", "client_id", "scope")
TIME_CLAIMS: Final = ("exp", "iat", "nbf")


class Keys(Protocol):
    """The source of public keys."""

    async def find(self, kid: str) -> Key | None:
        """The key of this id, or None. May fetch newer keys. Raises KeysUnavailable if none are known at all."""

    def knows(self, kid: str) -> bool:
        """Whether the key is in the current set. Called for every cached token, so it must be cheap."""


class Revocations(Protocol):
    """Valid tokens that are refused all the same."""

    def refuses(self, principal: Principal) -> bool:
        """Must be cheap: called for every token, also cached ones. Raises KeysUnavailable before the first load."""


class TokenVerifier:
    """Checks access tokens for one audience.

    Accepted tokens are cached until they expire, at most `CACHED` of them. Each later use still checks the expiry, that
    the key is in the key set, and that the token is not revoked.
    """

    def __init__(
        self, keys: Keys, revocations: Revocations, *, issuer: str, audience: str, now: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self.now = now
        """Seconds since 1970, by the clock that decides."""
        self._seen: OrderedDict[str, tuple[Principal, str]] = OrderedDict()  # a dict gets slower as its front empties
        self.checks = {"cached": 0, "new": 0, "refused": 0, "unavailable": 0}
        """Number of checks by result, for the metrics."""

    async def verify(self, token: str) -> Principal:
        """The caller that a token identifies.

        Raises:
            InvalidToken: for any reason at all.
            KeysUnavailable: this service has no keys yet.
        """
        seen = self._seen.get(token)
        if seen is not None and self._keys.knows(seen[1]) and self.now() < seen[0].expires_at + LEEWAY:
            self._refuse_if_revoked(seen[0])
            self.checks["cached"] += 1
            return seen[0]
        try:
            kid, principal = await self._check(token)
        except DependencyUnavailable:
            self.checks["unavailable"] += 1
            raise
        except Exception as error:  # jose raises far more than JWTError: RecursionError, OverflowError
            self.checks["refused"] += 1
            raise InvalidToken("The access token is not valid.") from error
        self._refuse_if_revoked(principal)
        self.checks["new"] += 1
        self._remember(token, principal, kid)
        return principal

    def _refuse_if_revoked(self, principal: Principal) -> None:
        if self._revocations.refuses(principal):
            self.checks["refused"] += 1
            raise InvalidToken("The access token is not valid.")

    async def _check(self, token: str) -> tuple[str, Principal]:
        if len(token) > MAX_LENGTH or not SHAPE.fullmatch(token):
            raise InvalidToken("shape")
        header, claims, signature = token.split(".")
        head = strict_object(decode_part(header))
        decode_part(signature)
        if head.get("alg") != ALGORITHM or head.get("typ") != TYPE or not set(head) <= {"alg", "typ", "kid"}:
            raise InvalidToken("header")
        key = await self._keys.find(text(head, "kid"))
        if key is None:
            raise InvalidToken("unknown key")
        jwt.decode(token, key, algorithms=[ALGORITHM], audience=self._audience, issuer=self._issuer, options=OPTIONS)
        return head["kid"], self._read(strict_object(decode_part(claims)))

    def _read(self, claims: Mapping[str, Any]) -> Principal:
        times = {name: claims[name] for name in TIME_CLAIMS}
        if any(type(value) is not int for value in times.values()):
            raise InvalidToken("times")
        now = self.now()
        if times["iat"] > now + LEEWAY:  # auth has signed it, so one of the two clocks is wrong
            log.warning("clock skew: a token of the future", seconds=round(times["iat"] - now, 1))
        if not (times["iat"] <= now + LEEWAY and times["nbf"] <= now + LEEWAY and now < times["exp"] + LEEWAY):
            raise InvalidToken("not now")
        if not 0 < times["exp"] - times["iat"] <= MAX_LIFETIME:
            raise InvalidToken("lifetime")
        words = {name: text(claims, name) for name in TEXT_CLAIMS}
        if words["iss"] != self._issuer or self._audience not in texts(claims["aud"]):
            raise InvalidToken("not for here")
        sid = claims.get("sid")
        if not subject_fits(words["scope"], words["sub"], words["client_id"], sid):
            raise InvalidToken("subject")
        roles = texts(claims.get("roles", []))
        if roles and words["client_id"] == KEY_CLIENT:
            raise InvalidToken("roles")
        methods, proven_at = texts(claims.get("amr", [])), claims.get("auth_time", 0)
        if type(proven_at) is not int:
            raise InvalidToken("auth_time")
        return Principal(
            words["sub"],
            words["client_id"],
            words["scope"],
            roles,
            sid,
            issued_at=times["iat"],
            expires_at=times["exp"],
            methods=methods,
            proven_at=proven_at,
            scopes=frozenset(words["scope"].split()),
        )

    def _remember(self, token: str, principal: Principal, kid: str) -> None:
        if len(self._seen) >= CACHED:
            self._seen.popitem(last=False)  # the oldest; it is only a cache
        self._seen[token] = (principal, kid)


# `_read` checks the times by this verifier's clock; jose would use the process's.
OPTIONS: Final = {f"require_{name}": True for name in ("aud", "iss", "sub", "jti")} | {
    f"verify_{name}": False for name in TIME_CLAIMS
}
