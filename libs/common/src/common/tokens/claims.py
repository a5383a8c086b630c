"""The claims of an access token (RFC 9068): fixed values, the principal, and how its parts are read."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from common.errors import DependencyUnavailable, Forbidden, Unauthenticated

ALGORITHM: Final = "ES256"
TYPE: Final = "at+jwt"
USER_SCOPE: Final = "api"
SERVICE_SCOPE: Final = "internal"
MULTI_FACTOR: Final = "mfa"
"""The value of `amr` (RFC 8176) and of `acr` of people who have proven two factors."""
ACCOUNT: Final = re.compile(r"[1-9][0-9]{0,15}")
SESSION: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SERVICE: Final = re.compile(r"svc:[a-z]{1,20}")
KEY_CLIENT: Final = "key"
"""The `client_id` of tokens for API keys. Their `sid` is the key's id, so that a revoked key ends like a session."""
KEY_SCOPE: Final = re.compile(r"[a-z]{1,20}:(read|write)( [a-z]{1,20}:(read|write))*")
"""Of any service: this one may be older than the newest service, whose scopes it never asks for."""


class InvalidToken(Unauthenticated):
    """The token is not ours, not for this service, or no longer valid. The reason is not revealed."""

    code = "invalid-token"


class InsufficientScope(Forbidden):
    """The API key lacks the scope that this needs; `WWW-Authenticate` names it (RFC 6750, section 3.1)."""

    code = "insufficient-scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs an API key with the scope {scope}.")
        self.scope = scope


class KeysUnavailable(DependencyUnavailable):
    """No key set is known yet, so tokens cannot be checked, and none is accepted."""

    code = "keys-unavailable"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, by the claims of its token."""

    subject: str
    client_id: str
    scope: str
    roles: tuple[str, ...]
    sid: str | None
    issued_at: int
    expires_at: int
    methods: tuple[str, ...] = ()
    """How a person proved who they are: `amr` (RFC 8176). Empty for services."""
    proven_at: int = 0
    """When, in seconds since 1970: `auth_time`."""
    scopes: frozenset[str] = frozenset()
    """The words of `scope`."""
    withheld_roles: tuple[str, ...] = ()
    """Roles that count only after a step-up (`common.http.deps`)."""

    @property
    def has_second_factor(self) -> bool:
        """Whether the person has proven two factors in this session."""
        return MULTI_FACTOR in self.methods

    @property
    def account_id(self) -> int:
        """The account of a person, or of an API key's owner: the subject of their tokens is known to be a number."""
        return int(self.subject)

    @property
    def session_id(self) -> UUID:
        """A person's session, or the API key."""
        return UUID(self.sid)


def subject_fits(scope: str, subject: str, client_id: str, sid: object) -> bool:
    """People have numbers and sessions, services have names and no session: neither can pass for the other (S-29).

    API keys act for people, within scopes of their own.
    """
    if scope == USER_SCOPE or client_id == KEY_CLIENT:
        if (client_id == KEY_CLIENT) != bool(KEY_SCOPE.fullmatch(scope)):
            return False
        return bool(ACCOUNT.fullmatch(subject)) and isinstance(sid, str) and bool(SESSION.fullmatch(sid))
    if scope == SERVICE_SCOPE:
        return bool(SERVICE.fullmatch(subject)) and client_id == subject and sid is None
    return False


def decode_part(part: str) -> bytes:
    """Accepts only canonical base64url: otherwise one token could be written in several ways."""
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
