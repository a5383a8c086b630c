"""Records of the second factor."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from auth.services.records import Tokens


@dataclass(frozen=True, slots=True)
class StoredFactor:
    """An account's authenticator, at one moment of the database's clock."""

    secret: bytes = field(repr=False)
    """Encrypted (`services.second_factor.factors`)."""
    is_on: bool
    """False while no code has confirmed it."""
    now: int
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class FactorStatus:
    """The second factor, as its owner sees it."""

    on: bool
    since: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class NewFactor:
    """An authenticator that waits for its first code. Shown once."""

    secret: str = field(repr=False)
    """160 random bits in base32."""
    uri: str = field(repr=False)
    """`otpauth://totp/…`, for a QR code."""
    expires_in: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A second proof: either a code of the authenticator, or a recovery code."""

    code: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A sign-in that waits for its second factor."""

    account_id: int
    password_digest: bytes = field(repr=False)
    methods: list[str]
    """Proofs so far: values of `amr`."""
    via: str | None
    """The way of the first step; None: it was begun at the previous release."""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """The first proof was right; the sign-in waits for a second one."""

    challenge: str = field(repr=False)
    methods: list[str]
    """What may come next: names of fields of the second request."""
    may_trust_device: bool
    expires_in: int


@dataclass(frozen=True, slots=True)
class Completed:
    """A sign-in whose second factor was right."""

    tokens: Tokens
    trusted_device: str | None = field(default=None, repr=False)
    """The token of a device that now needs no second factor."""


@dataclass(frozen=True, slots=True)
class TrustedDevice:
    """A trusted device, as its owner sees it."""

    id: UUID
    user_agent: str
    ip: str
    created_at: datetime
    last_used_at: datetime
