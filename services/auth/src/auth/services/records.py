"""What the rules work on: plain values, as the repositories read them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID


class Role(StrEnum):
    """All that there are. Values are stored, and stand in tokens."""

    moderator = "moderator"
    admin = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """An account without its password."""

    id: int
    email: str
    """Empty, like the name, once it is deleted."""
    name: str
    roles: list[str]
    status: str
    email_verified: bool
    tokens_not_before: int
    version: int


@dataclass(frozen=True, slots=True)
class ManagedAccount(Account):
    """An account as admins see it."""

    created_at: datetime


@dataclass(frozen=True, slots=True)
class PendingDeletion:
    """A deletion under way: since when, and when each service was through, by its name."""

    asked_at: datetime | None
    """None: nobody has asked, but others say that nothing of the account is left there."""
    erased: dict[str, str]


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts an admin looks for; None: any."""

    text: str | None = None
    """Part of a name or address, of three characters at least, or an id."""
    status: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is checked against."""

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailedAccount:
    """An account, and the address to which it was sent a link."""

    account: Account
    email: str

    @property
    def is_proven(self) -> bool:
        """Whether the account has this address, and it is known to be its owner's."""
        return self.account.email == self.email and self.account.email_verified


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in and its account, at one moment of the database's clock."""

    id: UUID
    account: Account
    generation: int
    secret: bytes = field(repr=False)
    alive: bool
    """Not ended, not idle for too long, not too old, and the account may sign in."""
    in_grace: bool
    """Its current token was made so lately that the parent's use is answered with the same one."""
    parent: int
    """The generation whose use made the current one: the one before, unless that was lost and made anew."""
    reissues: int
    """How often the parent's successor was made anew."""
    now: int
    """Seconds since 1970 by the database's clock."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A device on which somebody is signed in, as its owner sees it."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    user_agent: str
    ip: str


@dataclass(frozen=True, slots=True)
class Device:
    """What a sign-in tells of itself."""

    user_agent: str
    ip: str
    source: str
    """What its tries are counted for: the IPv4 address, or the network of 64 bits of an IPv6 address."""


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """Whom somebody wants to sign in as, and from where."""

    address: bytes
    """SHA-256 of the e-mail address, whether it has an account or not."""
    source: str


class Verdict(Enum):
    """What the throttle says to a try."""

    admitted = "admitted"
    waits = "waits"
    """The source has failed too often lately."""
    closed = "closed"
    """Too much was guessed for the address, and the source has not succeeded lately."""


@dataclass(frozen=True, slots=True)
class CheckedPassword:
    """A password that was compared with the one of an address."""

    key: AttemptKey
    found: Credentials | None
    fits: bool
    renewed: str | None = field(repr=False)
    """Its hash with today's parameters, if the stored one has others."""


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """A service that may sign in, at one moment of the database's clock."""

    secret_hashes: list[bytes] = field(repr=False)
    now: int


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as the database has it: the private half encrypted."""

    kid: str
    public_jwk: dict[str, Any]
    private_key: bytes = field(repr=False)
    state: str
    age: timedelta = timedelta(0)
    """Since it was made, and published: it is published from the first moment."""
    active_for: timedelta = timedelta(0)
    """Since it began to sign, if it has."""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A signing key, for the list that operators read."""

    kid: str
    state: str
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    """When it stopped to sign, or was revoked."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant yields. Times in seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str
    refresh_token: str | None = field(default=None, repr=False)
