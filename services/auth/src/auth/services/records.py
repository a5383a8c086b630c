"""Records of auth's business rules: plain values, as the repositories read them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID


class Role(StrEnum):
    """All roles. Values are stored, and are part of tokens."""

    moderator = "moderator"
    admin = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """An account without its password."""

    id: int
    email: str
    """Empty, like the name, once the account is deleted."""
    name: str
    username: str | None
    roles: list[str]
    status: str
    email_verified: bool
    second_factor: bool
    """Whether a password alone does not sign in."""
    has_password: bool
    tokens_not_before: int
    version: int
    locale: str | None
    """The language of mails to it; None: MAIL_LOCALE."""


@dataclass(frozen=True, slots=True)
class ManagedAccount(Account):
    """An account as admins see it."""

    created_at: datetime


@dataclass(frozen=True, slots=True)
class PendingDeletion:
    """A running deletion: when it was requested, and when each service finished, by name."""

    asked_at: datetime | None
    """None: nobody asked here, but other services report that they have erased the account."""
    erased: dict[str, str]


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Conditions of an admin's search for accounts; None: any."""

    text: str | None = None
    """Part of a name or address, at least three characters, or an id."""
    status: str | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with its password hash."""

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailedAccount:
    """An account, and the address to which it was sent a link."""

    account: Account
    email: str

    @property
    def is_proven(self) -> bool:
        """Whether the account has this address, and it is verified."""
        return self.account.email == self.email and self.account.email_verified


@dataclass(frozen=True, slots=True)
class Session:
    """A session and its account, at one moment of the database's clock."""

    id: UUID
    account: Account
    client: str
    methods: list[str]
    """How its owner proved who they are: values of `amr` (RFC 8176)."""
    proven_at: int
    """When they last did so, in seconds since 1970 by the database's clock: `auth_time`."""
    generation: int
    secret: bytes = field(repr=False)
    alive: bool
    """Not ended, not idle for too long, not too old, and the account may sign in."""
    in_grace: bool
    """Its current token is so new that a repeated use of the parent gets the same one."""
    parent: int
    """The generation whose use made the current one: the previous one, unless its successor was reissued."""
    reissues: int
    """How often the parent's successor was reissued."""
    now: int
    """Seconds since 1970 by the database's clock."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session, as its owner sees it."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    user_agent: str
    ip: str


@dataclass(frozen=True, slots=True)
class Device:
    """The device of a request."""

    user_agent: str
    ip: str
    source: str
    """The key for counting its attempts: the IPv4 address, or the /64 network of an IPv6 address."""


@dataclass(frozen=True, slots=True)
class AttemptKey:
    """The address and the source of a sign-in attempt."""

    address: bytes
    """SHA-256 of the e-mail address, whether it has an account or not."""
    source: str


class Verdict(Enum):
    """The throttle's decision on an attempt."""

    admitted = "admitted"
    waits = "waits"
    """The source has failed too often recently."""
    closed = "closed"
    """Too many guesses for the address, and the source has not succeeded recently."""


@dataclass(frozen=True, slots=True)
class CheckedPassword:
    """A password, compared with that of an address."""

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
    """A signing key as stored, with its private half encrypted."""

    kid: str
    public_jwk: dict[str, Any]
    private_key: bytes = field(repr=False)
    state: str
    age: timedelta = timedelta(0)
    """Time since its creation, which is also its publication."""
    active_for: timedelta = timedelta(0)
    """Time since it began to sign, if it has."""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A signing key, for the operators' list."""

    kid: str
    state: str
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    """When it stopped signing, or was revoked."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The result of a grant. Times in seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str
    refresh_token: str | None = field(default=None, repr=False)
    """Of a lasting session: its token, which never changes."""
    account_id: int | None = None
    """None for services."""
