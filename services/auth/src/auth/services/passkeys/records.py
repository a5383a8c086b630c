"""Records of passkeys."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey, as its owner sees it."""

    id: int
    name: str
    backup_eligible: bool
    """Whether it may be copied to other devices. Never changes (flag BE)."""
    backed_up: bool
    """Whether it was, at its last use (flag BS)."""
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownCredential:
    """A credential of an account, for the browser, which offers or excludes it."""

    credential_id: bytes
    transports: list[str]


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential, for checking a signature."""

    id: int
    account_id: int
    handle: bytes
    """The account's, as authenticators know it."""
    public_key: bytes = field(repr=False)
    """In COSE (RFC 9052)."""
    sign_count: int
    backup_eligible: bool


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that an authenticator has just made."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A correctly signed answer of an authenticator."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool
    user_verified: bool
    """Whether the authenticator has checked who used it: by a PIN, a finger or a face."""
