"""The end of an account, over all services.

Its owner asks for it. At that moment nobody can sign in any more, and users and posts are told; each hides what it has,
forgets it, and says so. When both have, the account itself is emptied, and its address free. Each step is one
transaction that leaves the next in an outbox, so whatever dies in between, it goes on; and steps may be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from auth.services.accounts import state
from auth.services.audit import SERVER, Action, masked
from auth.services.ending import end_sessions, revoke_tokens
from auth.services.errors import AccountNotFound, LastAdmin, WrongPassword
from auth.services.mails import Kind, send
from auth.services.one_time_tokens import Purpose
from auth.services.ports import Work
from auth.services.records import Account, Device, PendingDeletion
from auth.services.throttle import Throttle, begin_anew
from common.events import AccountData, AccountErasedData, Event
from common.inbox import Inbox
from common.ports import Transactions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deletion:
    """What people may do with their account as a whole."""

    transactions: Transactions[Work]
    throttle: Throttle

    async def ask(self, account_id: int, password: str, device: Device) -> None:
        """Delete the account. Asking again while it is under way changes nothing.

        Raises:
            WrongPassword: it is not the account's.
            SignInThrottled, SignInClosed: too many wrong ones before.
            LastAdmin: nobody would be left to manage accounts.
        """
        known = await self.throttle.confirm(account_id, password, device)
        async with self.transactions() as work:
            admins = await work.managed_accounts.admins_alone()
            account = await work.managed_accounts.lock(account_id)
            if account is None:
                raise AccountNotFound("There is no such account.")
            if account.status == "deleting":
                return
            now = await work.accounts.credentials_of(account_id)
            if now is None or now.password_hash != known.password_hash:
                raise WrongPassword("The password has just been changed.")
            if admins == {account_id}:
                raise LastAdmin("This is the last admin. Make somebody else one first.")
            await begin(work, account, ip=device.ip)


async def begin(work: Work, account: Account, *, actor: str | None = None, ip: str | None = None) -> None:
    """Let nobody in any more, and have the account forgotten everywhere. It is locked."""
    changed = await work.managed_accounts.change(account.id, "deleting", [])
    await work.deletions.begin(account.id, account.email)
    await work.one_time_tokens.drop(account.id, list(Purpose))
    await work.events.publish(state(changed))
    if await work.mail_counts.take(account.email, Kind.account_deleted):  # nobody's mailbox is flooded by it either
        await send(work, Kind.account_deleted, account.email)
    ended = await end_sessions(work, account.id, "account deleted")
    email = masked(account.email)
    await work.audit.note(
        Action.account_deletion_asked, account.id, actor=actor, ip=ip, email=email, sessions_ended=ended
    )
    log.info("account is being deleted", account=account.id)
    # last of all, so that as few as can be are issued between here and the commit
    await revoke_tokens(work, await work.managed_accounts.move_floor(account.id))


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What auth learns from others' events, applied in one transaction."""

    work: Work

    @property
    def inbox(self) -> Inbox:
        return Inbox({AccountErasedData: self.erased})

    async def erased(self, events: Sequence[Event]) -> None:
        """A service has nothing left of an account."""
        for event in events:
            account = await self.work.managed_accounts.lock(event.account_id)
            if isinstance(event.data, AccountErasedData) and account is not None and account.status != "deleted":
                if account.status != "deleting":  # this database was restored from a backup of before
                    await begin(self.work, account, actor=SERVER)
                pending = await self.work.deletions.note(account.id, event.data.service)
                if pending.erased.keys() >= set(AccountData.targets):
                    await finish(self.work, account, pending)


async def finish(work: Work, account: Account, pending: PendingDeletion) -> None:
    """Forget the account here as well: all but its id, so that it is nobody else's, and the audit trail."""
    await begin_anew(work, account.email)  # who tried to sign in, and from where
    await work.events.publish(state(await work.deletions.finish(account.id)))
    asked_at = pending.asked_at.isoformat()
    await work.audit.note(Action.account_deleted, account.id, actor=SERVER, asked_at=asked_at, **pending.erased)
    log.info("account deleted", account=account.id)
