"""The ports of auth's business rules."""

from collections.abc import Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from auth.services.api_keys.ports import ApiKeyStore
from auth.services.audit import AuditTrail
from auth.services.mail_codes.ports import SignInCodeStore
from auth.services.passkeys.ports import PasskeyStore
from auth.services.providers.ports import IdentityStore, ProviderFlowStore
from auth.services.records import (
    Account,
    AccountFilter,
    AttemptKey,
    Credentials,
    KeyLine,
    MailedAccount,
    ManagedAccount,
    PendingDeletion,
    ServiceIdentity,
    StoredKey,
    Verdict,
)
from auth.services.second_factor.ports import ChallengeStore, SecondFactorStore, TrustedDeviceStore
from auth.services.sessions.ports import SessionStore
from common.ports import Page
from common.state_events import EventPublisher, RevocationStore


class AccountReader(Protocol):
    """Reads accounts."""

    async def get(self, account_id: int) -> Account | None: ...

    async def page(self, after: int, limit: int) -> Sequence[Account]:
        """Accounts with larger ids, ordered by id."""

    async def page_gone(self, after: int, limit: int) -> Sequence[Account]:
        """As `page`, only deleted accounts and those being deleted."""


class AccountStore(AccountReader, Protocol):
    """Reads and changes accounts."""

    async def add(
        self,
        account_id: int,
        email: str,
        password_hash: str,
        name: str,
        username: str | None = None,
        locale: str | None = None,
    ) -> Account | None:
        """The new account; None if the id, the address or the username is taken."""

    async def change(
        self, account_id: int, *, email: str | None, username: str | None, password_hash: str | None
    ) -> Account:
        """Write the next version of a locked account, with the given values.

        Another address is not verified. Raises EmailTaken, UsernameTaken.
        """

    async def credentials(self, email: str) -> Credentials | None: ...

    async def credentials_of(self, account_id: int, *, lock: bool = False) -> Credentials | None:
        """Of an account that may sign in. With `lock`, its password cannot change until the transaction ends."""

    async def find(self, email: str) -> Account | None: ...

    async def verify_email(self, account_id: int, email: str) -> bool:
        """Mark the address as verified. False if the account has another one by now, or may not sign in."""

    async def reset_password(self, account_id: int, email: str, password_hash: str) -> bool:
        """Set the password and mark the address as verified; False as above."""

    async def change_email(self, account_id: int, email: str) -> Account | None:
        """The account's next version, with a verified address; None if it may not sign in. Raises EmailTaken."""

    async def set_locale(self, account_id: int, locale: str | None) -> Account:
        """Set the language of mails to a locked account; its version stays, since no event has the language."""

    async def set_second_factor(self, account_id: int, *, on: bool) -> None:
        """Of a locked account: whether a password alone does not sign in."""

    async def lock_for_share(self, account_id: int) -> Account | None:
        """Read and lock an account: changes wait until this transaction ends."""

    async def after_all_tokens(self) -> int:
        """A moment, in seconds since 1970, after the issue of all tokens until now."""

    async def has_email(self, email: str) -> bool: ...

    async def has_username(self, username: str) -> bool: ...

    async def replace_hash(self, account_id: int, old: str, new: str) -> bool:
        """Store another hash. False if somebody else has changed it meanwhile."""


class ManagedAccountStore(Protocol):
    """Accounts, for admins."""

    async def page(self, wanted: AccountFilter, limit: int, before: int | None) -> Page[ManagedAccount]:
        """Accounts with smaller ids than `before`, the newest first."""

    async def get(self, account_id: int) -> ManagedAccount | None: ...

    async def id_of(self, email: str) -> int | None: ...

    async def lock_admins(self) -> Set[int]:
        """The active admins. Until this transaction ends, nobody else manages accounts. Call it before `lock`."""

    async def lock(self, account_id: int) -> ManagedAccount | None:
        """Read and lock an account. Until this transaction ends, only it can change it, and no session opens."""

    async def change(self, account_id: int, status: str, roles: Sequence[str]) -> ManagedAccount:
        """Write the next version of a locked account."""

    async def raise_token_floor(self, account_id: int) -> ManagedAccount:
        """Move `tokens_not_before` of a locked account past all its tokens."""


class ClientStore(Protocol):
    """Credentials of services."""

    async def find(self, client_id: str) -> ServiceIdentity | None: ...


class ThrottleStore(Protocol):
    """Sign-in attempts. All times are the database's."""

    async def count(self, key: AttemptKey) -> Verdict:
        """Count an attempt as failed before it reaches the hasher, unless it may not. Exact under concurrency.

        Roll back after `closed`: it is only half counted.
        """

    async def wait(self, key: AttemptKey) -> timedelta:
        """How long the source must wait now."""

    async def succeed(self, key: AttemptKey) -> None:
        """Reset the source's failures, this attempt included, and subtract them from the address's count."""

    async def is_known(self, key: AttemptKey) -> bool:
        """Whether somebody has succeeded there within the last 30 days."""

    async def is_first_refusal(self, key: AttemptKey, verdict: Verdict) -> bool:
        """Whether the audit trail should record it: once per wait, and now and then for a closed address."""

    async def forget(self, address: bytes) -> None:
        """Delete all counts: the address has another password, or another owner."""

    async def forget_old(self, most: int) -> int:
        """Delete up to `most` expired rows of each kind; returns how many of one kind."""


class DeletionStore(Protocol):
    """Running deletions."""

    async def begin(self, account_id: int, email: str) -> None:
        """Record that it is running, and delete the account's waiting mails, to whatever address."""

    async def forget_last_mails(self, kept: timedelta) -> None:
        """Delete last mails that could not be sent for so long: refused, or there is no way to send mails."""

    async def unasked(self, accounts: Sequence[int]) -> Set[int]:
        """The accounts whose deletion was not requested."""

    async def note(self, account_id: int, service: str) -> PendingDeletion:
        """Record that a service has erased the account; the first report counts."""

    async def noted(self) -> Sequence[int]:
        """Accounts that another service has erased without a request here."""

    async def waiting(self, since: timedelta, most: int) -> Sequence[Account]:
        """Accounts whose deletion event was sent longest ago, at least `since`; marks them as sent now."""

    async def finish(self, account_id: int) -> Account:
        """Keep only the id and the next version, with the status `deleted`."""


class KeyStore(Protocol):
    """Signing keys."""

    async def published(self, retired_for: timedelta) -> Sequence[StoredKey]:
        """Keys that sign or will, and those retired at most `retired_for` ago; newest first."""

    async def lines(self) -> Sequence[KeyLine]:
        """All keys ever, newest first."""

    async def lock(self) -> None:
        """Until the transaction ends, nobody else changes keys."""

    async def add(self, key: StoredKey) -> None: ...

    async def activate(self, kid: str) -> None:
        """Let this key sign, and retire the active one."""

    async def revoke(self, kid: str) -> bool:
        """False if there is no such key, or it was revoked before."""


class OneTimeTokenStore(Protocol):
    """Hashes of the tokens in mailed links."""

    async def put(self, token_hash: bytes, purpose: str, account_id: int, email: str, lifetime: timedelta) -> None:
        """Store a new one, beside those that are still valid."""

    async def find(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        """None unless it is valid now: for this purpose, not expired, and of an account that may sign in.

        Links that verify an account's own address are valid only while the account has it.
        """

    async def hold(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        """As `find`, with the account locked until the transaction ends."""

    async def drop(self, account_id: int, purposes: Sequence[str], *, but_to: str | None = None) -> None:
        """Delete an account's tokens, except those that were mailed to this address."""

    async def forget_expired(self) -> None: ...


class MailCountStore(Protocol):
    """Counts of recent mails by address, shared by all replicas."""

    async def take(self, email: str, kind: str) -> timedelta | None:
        """Count one more mail of a kind. Over the limit: how long until the next is allowed."""

    async def forget_old(self) -> None:
        """Delete counts that no longer limit anything."""


class Outbox(EventPublisher, Protocol):
    """Publishes events, and deletes parked ones."""

    async def forget_parked(self, target: str, kept: timedelta) -> None:
        """Delete events that the target refused for good longer ago than `kept`."""


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
    sign_in_codes: SignInCodeStore
    second_factors: SecondFactorStore
    challenges: ChallengeStore
    trusted_devices: TrustedDeviceStore
    api_keys: ApiKeyStore
    passkeys: PasskeyStore
    identities: IdentityStore
    provider_flows: ProviderFlowStore


class PasswordHasher(Protocol):
    """argon2id, outside of the event loop."""

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait, holding nothing, until a password check may begin. Raises TooBusy if too many wait."""

    async def hash(self, password: str) -> str:
        """Waits for a slot of its own."""

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Within a slot: whether it matches, and a new hash if the old one has outdated parameters.

        None or NO_PASSWORD as `password_hash` takes the same time, and never matches.
        """
