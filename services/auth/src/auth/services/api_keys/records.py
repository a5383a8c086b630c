"""Records of API keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, as its owner sees it."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    """None: never."""
    last_used_at: datetime | None
    """At most five minutes too early."""
    expired: bool


@dataclass(frozen=True, slots=True)
class UsableKey:
    """A key that may be exchanged now, at one moment of the database's clock."""

    id: UUID
    account_id: int
    scopes: list[str]
    tokens_not_before: int
    """The account's: earlier tokens are refused. In seconds since 1970, as the others."""
    now: int
    expires_at: int | None
    noted: bool
    """Whether a use was noted within the last five minutes."""
