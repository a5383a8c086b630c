"""Deletion of an account, over all services.

Its owner asks for it. From then on nobody can sign in, and users and posts get an event. Each hides its data, erases
it, and confirms by an event. After both confirmations the account itself is emptied, and its address is free. Each step
is one transaction that leaves the next step in an outbox. So it continues after a crash, and steps may be repeated.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from auth.services.audit import SERVER, Action, masked
from auth.services.confirmation import check_password, require_confirmed
from auth.services.errors import AccountNotFound, LastAdmin
from auth.services.events import account_event
from auth.services.mail.sending import Kind, send_limited
from auth.services.one_time_tokens import Purpose
from auth.services.ports import UnitOfWork
from auth.services.records import Account, Device, PendingDeletion
from auth.services.second_factor.factors import forget_attempts
from auth.services.sessions.revocation import end_sessions, revoke_tokens
from auth.services.throttle import Throttle, reset_attempts
from common.ports import Transactions
from common.tokens.claims import Principal

log = structlog.get_logger()

PATIENCE: Final = timedelta(minutes=5)
"""How long a service may take to confirm a deletion before it gets the event again."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Deletes the caller's own account."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle

    async def ask(self, caller: Principal, password: str | None, device: Device) -> None:
        """Delete the account. A repeated request while it is running changes nothing.

        Raises:
            WrongPassword: it is not the account's password.
            ProofMissing: the account has a password, and it was not given.
            InsufficientUserAuthentication, NotThisClient: it has none, and the last proof is too old.
            SignInThrottled, SignInClosed: too many wrong passwords before.
            LastAdmin: nobody would be left to manage accounts.
        """
        known = await check_password(self.throttle, caller, password, device)
        async with self.transactions() as work:
            admins = await work.managed_accounts.lock_admins()
            account = await work.managed_accounts.lock(caller.account_id)
            if account is None:
                raise AccountNotFound("There is no such account.")
            if account.status == "deleting":
                return
            await require_confirmed(work, caller, known)
            require_other_admin(admins, account.id)
            await begin_deletion(work, account, ip=device.ip)


async def delete_by_address(work: UnitOfWork, email: str) -> None:
    """Delete an account whose owner cannot: disabled, or without password and mailbox. For the server only.

    Raises:
        AccountNotFound, LastAdmin.
    """
    account_id = await work.managed_accounts.id_of(email)
    admins = await work.managed_accounts.lock_admins()
    account = None if account_id is None else await work.managed_accounts.lock(account_id)
    if account is None:
        raise AccountNotFound("No account has this address.")
    require_other_admin(admins, account.id)
    if account.status != "deleting":
        await begin_deletion(work, account, actor=SERVER)


async def delete_noted(work: UnitOfWork) -> tuple[int, int]:
    """After a restore: delete accounts that another service has erased already. For the server only.

    Returns how many, and how many are left: the last admin, if it is among them.
    """
    noted = await work.deletions.noted()
    admins = set(await work.managed_accounts.lock_admins()) if noted else set[int]()
    taken = 0
    for account_id in noted:
        account = await work.managed_accounts.lock(account_id)
        if account is not None and account.status in ("active", "disabled") and admins != {account_id}:
            await begin_deletion(work, account, actor=SERVER)
            admins.discard(account_id)
            taken += 1
    return taken, len(noted) - taken


def require_other_admin(admins: Set[int], leaver: int) -> None:
    """Raises LastAdmin."""
    if admins == {leaver}:
        raise LastAdmin("This is the last admin. Make somebody else one first.")


async def begin_deletion(
    work: UnitOfWork, account: Account, *, actor: str | None = None, ip: str | None = None, reason: str | None = None
) -> None:
    """Sign the account out, let nobody sign in, and have it erased everywhere. It must be locked."""
    changed = await work.managed_accounts.change(account.id, "deleting", [])
    await work.deletions.begin(account.id, account.email)
    await work.one_time_tokens.drop(account.id, list(Purpose))
    await work.events.publish(account_event(changed))
    await send_limited(work, Kind.account_deleted, account.id, account.email)
    ended = await end_sessions(work, account.id, "account deleted")
    about: dict[str, int | str] = {"email": masked(account.email), "sessions_ended": ended}
    about |= {} if reason is None else {"reason": reason}
    await work.audit.note(Action.account_deletion_asked, account.id, actor=actor, ip=ip, **about)
    log.info("account is being deleted", account=account.id)
    # last, so that few tokens are issued between here and the commit
    await revoke_tokens(work, await work.managed_accounts.raise_token_floor(account.id))


async def publish_again(work: UnitOfWork, most: int) -> int:
    """Send the events of unconfirmed deletions again; returns how many.

    A service may have lost the event: with the last commits of its database, or in a release that did not know it.
    """
    waiting = await work.deletions.waiting(PATIENCE, most)
    if waiting:
        await work.events.publish(*(account_event(account) for account in waiting))
        log.info("deletions published again", accounts=len(waiting))
    return len(waiting)


async def finish_deletion(work: UnitOfWork, account: Account, pending: PendingDeletion) -> None:
    """Erase the account here as well, except its id, which is never used again, and the audit trail."""
    await reset_attempts(work, account.email)  # addresses of sign-in attempts
    await forget_attempts(work, account.id)
    await work.events.publish(account_event(await work.deletions.finish(account.id)))
    asked_at = pending.asked_at.isoformat() if pending.asked_at else None
    await work.audit.note(Action.account_deleted, account.id, actor=SERVER, asked_at=asked_at, **pending.erased)
    log.info("account deleted", account=account.id)
