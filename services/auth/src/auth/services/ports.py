"""What the rules need of the outside, in their own words."""

from collections.abc import Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from auth.services.audit import AuditTrail
from auth.services.records import (
    Account,
    AccountFilter,
    AttemptKey,
    Credentials,
    Device,
    KeyLine,
    MailedAccount,
    ManagedAccount,
    OpenSession,
    PendingDeletion,
    ServiceIdentity,
    Session,
    StoredKey,
    Verdict,
)
from common.ports import Page
from common.state_events import EventPublisher, RevocationStore


class AccountReader(Protocol):
    """Accounts, to look at."""

    async def get(self, account_id: int) -> Account | None: ...

    async def page(self, after: int, limit: int) -> Sequence[Account]:
        """Accounts with larger ids, in their order."""

    async def page_gone(self, after: int, limit: int) -> Sequence[Account]:
        """As `page`, of those that were deleted, or are being."""


class AccountStore(AccountReader, Protocol):
    """Accounts."""

    async def add(self, account_id: int, email: str, password_hash: str, name: str) -> Account | None:
        """The new account; None if the id or the address is taken."""

    async def credentials(self, email: str) -> Credentials | None: ...

    async def credentials_of(self, account_id: int, *, lock: bool = False) -> Credentials | None:
        """Of an account that may sign in. Locked, its password stays so until the transaction ends."""

    async def find(self, email: str) -> Account | None: ...

    async def verify_email(self, account_id: int, email: str) -> bool:
        """Note that the address is proven; False if the account has another by now, or may not sign in."""

    async def reset_password(self, account_id: int, email: str, password_hash: str) -> bool:
        """Set the password and note that the address is proven; False as above."""

    async def change_email(self, account_id: int, email: str) -> Account | None:
        """The next version of the account, with a proven address; None if it may not sign in. Raises EmailTaken."""

    async def lock_for_share(self, account_id: int) -> Account | None:
        """As it stays until this transaction ends: whoever changes it waits, or was first and is seen."""

    async def after_all_tokens(self) -> int:
        """A moment, in seconds since 1970, after those at which all tokens until now were issued."""

    async def has_email(self, email: str) -> bool: ...

    async def replace_hash(self, account_id: int, old: str, new: str) -> bool:
        """Store another hash, unless somebody else was faster: then False."""


class ManagedAccountStore(Protocol):
    """Accounts, for those who manage them."""

    async def page(self, wanted: AccountFilter, limit: int, before: int | None) -> Page[ManagedAccount]:
        """The newest first, with smaller ids than `before`."""

    async def get(self, account_id: int) -> ManagedAccount | None: ...

    async def id_of(self, email: str) -> int | None: ...

    async def lock_admins(self) -> Set[int]:
        """The active admins; until this transaction ends nobody else manages accounts. To be asked before `lock`."""

    async def lock(self, account_id: int) -> ManagedAccount | None:
        """As it stays until this transaction ends, unless it changes it itself; no session is opened meanwhile."""

    async def change(self, account_id: int, status: str, roles: Sequence[str]) -> ManagedAccount:
        """Write the next version of an account that is locked."""

    async def raise_token_floor(self, account_id: int) -> ManagedAccount:
        """Move `tokens_not_before` of an account that is locked behind all tokens that it may have by now."""


class SessionReader(Protocol):
    """Sign-ins, to look at."""

    async def page(self, account_id: int, limit: int, after: tuple[datetime, UUID] | None) -> Page[OpenSession]:
        """Those that go on, the latest sign-in first."""


class SessionStore(Protocol):
    """Sign-ins. All times are the database's."""

    async def open(self, session_id: UUID, credentials: Credentials, secret: bytes, device: Device) -> Session | None:
        """None if the account may not sign in, or has another password by now.

        One statement that locks the account, so that ending all its sessions never misses one being opened.
        """

    async def too_many(self, account_id: int) -> Sequence[UUID]:
        """Of more sessions than an account may have, some that were used the longest ago. Those over are forgotten."""

    async def find(self, session_id: UUID, *, lock: bool = False) -> Session | None: ...

    async def rotate(self, session_id: UUID, generation: int) -> bool:
        """Step from this generation to the next; False if it is no longer the current one or the session is over.

        One statement, so that of any number of callers at most one steps.
        """

    async def reissue(self, session_id: UUID, parent: int) -> int:
        """Step on without spending `parent`, so that the generation in between is void; returns the new one.

        The session was found with `lock`. Its idle limit stays where it was.
        """

    async def end(self, session_id: UUID, reason: str) -> datetime | None:
        """Until when its access tokens may be good; None if it was over. `services.session_revocation` calls it."""

    async def end_all(self, account_id: int, reason: str, but: UUID | None) -> Sequence[tuple[UUID, datetime]]:
        """Those ended whose access tokens may still be good, and until when."""

    async def owner(self, session_id: UUID) -> int | None:
        """Whose it is, over or not."""

    async def forget_over(self, kept: timedelta, most: int) -> int:
        """Remove sessions that have been over for so long; returns how many were removed."""


class ClientStore(Protocol):
    """The identities of services."""

    async def find(self, client_id: str) -> ServiceIdentity | None: ...


class ThrottleStore(Protocol):
    """Tries to sign in. All times are the database's."""

    async def count(self, key: AttemptKey) -> Verdict:
        """Count a try as failed, before it reaches the hasher, unless it may not. Exact, however many try at once.

        Roll back after `closed`: it was half counted.
        """

    async def wait(self, key: AttemptKey) -> timedelta:
        """How long the source has to wait now."""

    async def succeed(self, key: AttemptKey) -> None:
        """Forgive the source its failures, this try among them, and take them off the address's count."""

    async def is_first_refusal(self, key: AttemptKey, verdict: Verdict) -> bool:
        """Whether the audit trail should tell of it: once a wait, and once in a while for a closed address."""

    async def forget(self, address: bytes) -> None:
        """Begin anew: the address has another password, or another owner."""

    async def forget_old(self, most: int) -> int:
        """Remove up to so many rows of each kind that have no effect any more; returns how many of one kind."""


class DeletionStore(Protocol):
    """Deletions under way."""

    async def begin(self, account_id: int, email: str) -> None:
        """Note that it is under way, and send no mail of the account any more that waits, to whatever address."""

    async def forget_last_mails(self, kept: timedelta) -> None:
        """Remove those that say so and could not be sent for so long: refused, or there is no way to send mails."""

    async def unasked(self, accounts: Sequence[int]) -> Set[int]:
        """Those of these accounts that nobody has asked to have deleted."""

    async def note(self, account_id: int, service: str) -> PendingDeletion:
        """Note that a service has nothing left of the account: the first time counts."""

    async def noted(self) -> Sequence[int]:
        """Accounts that another service has erased, although nobody has asked for it here."""

    async def waiting(self, since: timedelta, most: int) -> Sequence[Account]:
        """Accounts of whose deletion the others were last told so long ago, the longest first; told now."""

    async def finish(self, account_id: int) -> Account:
        """Leave nothing but the id and the next version, with the status `deleted`."""


class KeyStore(Protocol):
    """Signing keys."""

    async def published(self, retired_for: timedelta) -> Sequence[StoredKey]:
        """Those that sign or will, and those that stopped no longer ago than that; newest first."""

    async def lines(self) -> Sequence[KeyLine]:
        """All there ever were, newest first."""

    async def lock(self) -> None:
        """Until the transaction ends, nobody else changes keys."""

    async def add(self, key: StoredKey) -> None: ...

    async def activate(self, kid: str) -> None:
        """Let this key sign, and retire the one that did."""

    async def revoke(self, kid: str) -> bool:
        """False if there is no such key that was not revoked before."""


class OneTimeTokenStore(Protocol):
    """Hashes of the tokens in mailed links."""

    async def put(self, token_hash: bytes, purpose: str, account_id: int, email: str, lifetime: timedelta) -> None:
        """Store a new one, beside those that are still good."""

    async def find(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        """None unless it is good now: for this purpose, in time, of an account that may sign in.

        Links that prove an account's own address are good only while the account has it.
        """

    async def hold(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        """As `find`, with the account locked until the transaction ends."""

    async def drop(self, account_id: int, purposes: Sequence[str], *, but_to: str | None = None) -> None:
        """Void an account's tokens, but not those that were mailed to this address."""

    async def forget_expired(self) -> None: ...


class MailCountStore(Protocol):
    """How often which address was written to, counted over all replicas."""

    async def take(self, email: str, kind: str) -> timedelta | None:
        """Count one more mail of a kind. If the address has had enough of it: how long until it may have the next."""

    async def forget_old(self) -> None:
        """Remove what no longer keeps any mail back."""


class Outbox(EventPublisher, Protocol):
    """What others have to know, on its way."""

    async def forget_parked(self, target: str, kept: timedelta) -> None:
        """Remove what the target refused for good so long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """All stores of one short transaction."""

    accounts: AccountStore
    managed_accounts: ManagedAccountStore
    sessions: SessionStore
    throttle: ThrottleStore
    deletions: DeletionStore
    keys: KeyStore
    clients: ClientStore
    events: Outbox
    revocations: RevocationStore
    audit: AuditTrail
    one_time_tokens: OneTimeTokenStore
    mail_counts: MailCountStore


class PasswordHasher(Protocol):
    """argon2id, somewhere else than on the event loop."""

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait, holding nothing, until one may begin to check a password. Raises TooBusy when too many wait."""

    async def hash(self, password: str) -> str:
        """In a turn of its own."""

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Within a turn: whether it fits, and a new hash if the old one has outdated parameters.

        None costs the same time.
        """
