"""Access tokens: what is in them, and the one function that believes them (RFC 9068, RFC 8725).

python-jose checks the signature; everything it would let pass (unknown `crit`, any `typ`, missing or mistyped claims,
non-canonical base64) is refused here before or after. Whatever goes wrong, and however, is one `InvalidToken`.
"""

import base64
import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import structlog
from jose import jwt
from jose.backends.base import Key

from common.errors import DependencyUnavailable, Unauthenticated

log = structlog.get_logger()

ALGORITHM: Final = "ES256"
TYPE: Final = "at+jwt"
LEEWAY: Final = 5
"""Seconds by which clocks may differ (S-16: at most 10)."""
MAX_LIFETIME: Final = 3600
MAX_LENGTH: Final = 4096
CACHED: Final = 10_000
USER_SCOPE: Final = "api"
SERVICE_SCOPE: Final = "internal"
SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
ACCOUNT: Final = re.compile(r"[1-9][0-9]{0,15}")
SESSION: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SERVICE: Final = re.compile(r"svc:[a-z]{1,20}")
TEXT_CLAIMS: Final = ("iss", "sub", "jti", "client_id", "scope")
TIME_CLAIMS: Final = ("exp", "iat", "nbf")


class InvalidToken(Unauthenticated):
    """The token is not one of ours, not for here, or no longer good. Why is nobody's business."""

    code = "invalid-token"


class KeysUnavailable(DependencyUnavailable):
    """No key set is known yet, so no token can be checked: never a reason to let one pass."""

    code = "keys-unavailable"


class Keys(Protocol):
    """Where public keys come from."""

    async def find(self, kid: str) -> Key | None:
        """The key of this id, or None. May ask for newer keys. Raises KeysUnavailable when none are known at all."""

    def knows(self, kid: str) -> bool:
        """Whether the key is in the current set: asked for every cached token, so it does no work."""


class Revocations(Protocol):
    """Which good tokens are refused all the same."""

    def refuses(self, principal: "Principal") -> bool:
        """Asked for every token, cached ones too, so it does no work. Raises KeysUnavailable while it is not known."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, as their token says."""

    subject: str
    client_id: str
    scope: str
    roles: tuple[str, ...]
    sid: str | None
    issued_at: int
    expires_at: int

    @property
    def account_id(self) -> int:
        """The account of a person. Only for tokens of scope `api`, whose subject is known to be a number."""
        return int(self.subject)

    @property
    def session_id(self) -> UUID:
        """The session of a person."""
        return UUID(self.sid)


class TokenVerifier:
    """Checks access tokens for one audience.

    A token that passed is remembered until it expires, at most `CACHED` of them; each later use still checks the
    expiry, that its key is in the key set, and that it was not revoked.
    """

    def __init__(
        self,
        keys: Keys,
        revocations: Revocations,
        *,
        issuer: str,
        audience: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._seen: OrderedDict[str, tuple[Principal, str]] = OrderedDict()  # a dict slows down as its front empties
        self.checks = {"cached": 0, "new": 0, "refused": 0, "unavailable": 0}
        """How many checks ended how, for the metrics."""

    async def verify(self, token: str) -> Principal:
        """Who a token speaks for.

        Raises:
            InvalidToken: for any reason at all.
            KeysUnavailable: this service has no keys yet.
        """
        seen = self._seen.get(token)
        if seen is not None and self._keys.knows(seen[1]) and self._now() < seen[0].expires_at + LEEWAY:
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
        now = self._now()
        if times["iat"] > now + LEEWAY:  # auth has signed it, so one of two clocks is wrong
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
        return Principal(words["sub"], words["client_id"], words["scope"], roles, sid, times["iat"], times["exp"])

    def _remember(self, token: str, principal: Principal, kid: str) -> None:
        if len(self._seen) >= CACHED:
            self._seen.popitem(last=False)  # the oldest; it is only a cache
        self._seen[token] = (principal, kid)


# The times are `_read`'s to check, by this verifier's clock: jose has only its own.
OPTIONS: Final = {f"require_{name}": True for name in ("aud", "iss", "sub", "jti")} | {
    f"verify_{name}": False for name in TIME_CLAIMS
}


def subject_fits(scope: str, subject: str, client_id: str, sid: object) -> bool:
    """People have numbers and sessions, services have names and none: one can never pass for the other (S-29)."""
    if scope == USER_SCOPE:
        return bool(ACCOUNT.fullmatch(subject)) and isinstance(sid, str) and bool(SESSION.fullmatch(sid))
    if scope == SERVICE_SCOPE:
        return bool(SERVICE.fullmatch(subject)) and client_id == subject and sid is None
    return False


def decode_part(part: str) -> bytes:
    """Canonical base64url only: otherwise one token could be written in several ways."""
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise InvalidToken("base64")
    return raw


def strict_object(raw: bytes) -> dict[str, Any]:
    """A JSON object whose names are unique."""
    value = json.loads(raw.decode("utf-8"), object_pairs_hook=unique)
    if not isinstance(value, dict):
        raise InvalidToken("not an object")
    return value


def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidToken("duplicate name")
    return found


def text(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not value:
        raise InvalidToken(name)
    return value


def texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidToken("list")
    return tuple(value)
