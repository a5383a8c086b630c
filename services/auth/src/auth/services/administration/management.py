"""Account management by admins and by the server's command line. It sets no passwords or addresses."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import structlog

from auth.services.audit import SERVER, Action
from auth.services.deletion import begin_deletion
from auth.services.errors import (
    AccountBeingDeleted,
    AccountNotFound,
    LastAdmin,
    NotAnAdmin,
    OwnAccount,
    SessionNotFound,
    StillAdmin,
)
from auth.services.events import account_event
from auth.services.mail.sending import Kind, send_limited
from auth.services.ports import UnitOfWork
from auth.services.records import AccountFilter, ManagedAccount, Role
from auth.services.second_factor.errors import OwnSecondFactor, SecondFactorOff
from auth.services.second_factor.factors import remove_factor
from auth.services.sessions.revocation import end_session, end_sessions, revoke_all_tokens, revoke_tokens
from common.errors import PreconditionFailed
from common.ports import Page, Versions

log = structlog.get_logger()

MANAGED = frozenset({"active", "disabled"})


@dataclass(frozen=True, slots=True)
class Manager:
    """The actor: an admin, or the server itself."""

    account_id: int | None
    ip: str | None = None
    reason: str | None = None
    """Why, for the audit trail."""

    @property
    def why(self) -> dict[str, str]:
        """The reason, if there is one, as a detail of the audit trail."""
        return {} if self.reason is None else {"reason": self.reason}

    @property
    def name(self) -> str:
        """Their name in the audit trail."""
        return SERVER if self.account_id is None else str(self.account_id)


@dataclass(frozen=True, slots=True)
class Management:
    """Manages accounts, in the transaction of one request.

    One change at a time, and only by a current admin (S-31c): an admin who was demoted after their token was issued
    changes nothing. If several demote each other at once, one remains.
    """

    work: UnitOfWork

    async def page(self, wanted: AccountFilter, limit: int, before: int | None) -> Page[ManagedAccount]:
        """Accounts, the newest first."""
        return await self.work.managed_accounts.page(wanted, limit, before)

    async def get(self, account_id: int) -> ManagedAccount:
        """Raises AccountNotFound."""
        return existing(await self.work.managed_accounts.get(account_id))

    async def change(
        self,
        account_id: int,
        by: Manager,
        *,
        status: str | None = None,
        roles: Collection[Role] | None = None,
        expected: Versions = None,
    ) -> ManagedAccount:
        """Change an account's status or roles. None leaves a value as it is; equal values change nothing.

        Raises:
            NotAnAdmin, AccountNotFound, AccountBeingDeleted
            PreconditionFailed: the account does not have an expected version.
            LastAdmin: nobody would be left to manage accounts.
        """
        admins, account = await self._lock(account_id, by)
        if expected is not None and account.version not in expected:
            raise PreconditionFailed("The account has changed since.")
        new_status = status or account.status
        new_roles = account.roles if roles is None else sorted(roles)
        if (new_status, new_roles) == (account.status, account.roles):
            return account
        if account.status not in MANAGED:
            raise AccountBeingDeleted("This account was deleted, or is being deleted.")
        if admins == {account_id} and (new_status != "active" or Role.admin not in new_roles):
            raise LastAdmin("This is the last admin. Make somebody else one first.")
        changed = await self.work.managed_accounts.change(account_id, new_status, new_roles)
        await self.work.events.publish(account_event(changed))
        await self._note(account, changed, by)
        if new_status == "disabled":
            await end_sessions(self.work, account_id, "disabled")
        if new_roles != account.roles or new_status == "disabled":
            changed = await self._refuse_tokens(account_id)
        return changed

    async def grant(self, email: str, role: Role, by: Manager) -> ManagedAccount:
        """Give a role to the account with this address. Raises as `change` does."""
        return await self._change_roles(email, by, given=frozenset({role}))

    async def withdraw(self, email: str, role: Role, by: Manager) -> ManagedAccount:
        """Take a role from the account with this address. Raises as `change` does."""
        return await self._change_roles(email, by, taken=frozenset({role}))

    async def sign_out_everywhere(self, account_id: int, by: Manager) -> None:
        """End all sessions of an account. Raises NotAnAdmin, AccountNotFound."""
        await self._lock(account_id, by)
        ended = await end_sessions(self.work, account_id, "signed out by an admin")
        await self._refuse_tokens(account_id)
        await self.work.audit.note(
            Action.all_sessions_ended, account_id, actor=by.name, ip=by.ip, sessions=ended, **by.why
        )
        log.info("signed out everywhere", account=account_id, by=by.name)

    async def end_session(self, account_id: int, session_id: UUID, by: Manager) -> None:
        """End one session of an account.

        Raises:
            NotAnAdmin, AccountNotFound
            SessionNotFound: it has ended, or is not the account's.
        """
        await self._lock(account_id, by)
        is_theirs = await self.work.sessions.owner(session_id) == account_id
        if not is_theirs or not await end_session(self.work, session_id, "ended by an admin"):
            raise SessionNotFound("The account is not signed in there.")
        about = {"session": str(session_id), **by.why}
        await self.work.audit.note(Action.session_ended, account_id, actor=by.name, ip=by.ip, **about)
        log.info("session ended", account=account_id, by=by.name)

    async def delete(self, account_id: int, by: Manager) -> None:
        """Delete an account, over all services. A repetition changes nothing.

        The last admin stays: only a current admin deletes others, and nobody deletes themselves here.

        Raises:
            NotAnAdmin, AccountNotFound
            OwnAccount: it is the admin's own.
            StillAdmin: it has the role admin.
        """
        _, account = await self._lock(account_id, by)
        if by.account_id == account_id:
            raise OwnAccount("Delete your own account in its settings.")
        if Role.admin in account.roles:
            raise StillAdmin("Take the role admin from this account first.")
        if account.status in MANAGED:
            await begin_deletion(self.work, account, actor=by.name, ip=by.ip, reason=by.reason)

    async def reset_second_factor(self, account_id: int, by: Manager, reason: str) -> None:
        """Turn off the second factor of somebody who has lost it, end their sessions, and tell them by mail.

        Raises:
            NotAnAdmin, AccountNotFound
            SecondFactorOff: there is none.
            OwnSecondFactor: it is the admin's own. Whoever has taken over their session would turn it off.
        """
        _, account = await self._lock(account_id, by)
        if by.account_id == account_id:
            raise OwnSecondFactor("Turn it off by a code, or ask another admin.")
        if not await remove_factor(self.work, account_id):
            raise SecondFactorOff("This account has no second factor.")
        if account.status == "active":
            await send_limited(self.work, Kind.second_factor_off, account_id, account.email)
        ended = await end_sessions(self.work, account_id, "second factor reset")
        await self._refuse_tokens(account_id)
        about: dict[str, int | str] = {"reason": reason, "sessions_ended": ended}
        await self.work.audit.note(Action.second_factor_reset, account_id, actor=by.name, ip=by.ip, **about)
        log.warning("second factor reset", account=account_id, by=by.name)

    async def reset_second_factor_of(self, email: str, by: Manager, reason: str) -> None:
        """As `reset_second_factor`, of the account with this address."""
        account_id = await self.work.managed_accounts.id_of(email)
        if account_id is None:
            raise AccountNotFound("No account has this address.")
        await self.reset_second_factor(account_id, by, reason)

    async def revoke_all_tokens(self, by: Manager) -> int:
        """Revoke all access tokens that were issued until now; sessions continue and get new ones."""
        moment = await revoke_all_tokens(self.work)
        await self.work.audit.note(Action.tokens_revoked, None, actor=by.name, ip=by.ip, not_before=moment)
        log.warning("all tokens revoked", not_before=moment, by=by.name)
        return moment

    async def _lock(self, account_id: int, by: Manager) -> tuple[Collection[int], ManagedAccount]:
        admins = await self.work.managed_accounts.lock_admins()
        if by.account_id is not None and by.account_id not in admins:
            raise NotAnAdmin("You are no longer an admin.")
        return admins, existing(await self.work.managed_accounts.lock(account_id))

    async def _change_roles(
        self, email: str, by: Manager, given: frozenset[Role] = frozenset(), taken: frozenset[Role] = frozenset()
    ) -> ManagedAccount:
        account_id = await self.work.managed_accounts.id_of(email)
        if account_id is None:
            raise AccountNotFound("No account has this address.")
        _, account = await self._lock(account_id, by)
        roles = ({Role(role) for role in account.roles} | given) - taken
        return await self.change(account.id, by, roles=roles)

    async def _refuse_tokens(self, account_id: int) -> ManagedAccount:
        """Refuse the account's tokens. Called last, so that few are issued between here and the commit."""
        account = await self.work.managed_accounts.raise_token_floor(account_id)
        await revoke_tokens(self.work, account)
        return account

    async def _note(self, before: ManagedAccount, after: ManagedAccount, by: Manager) -> None:
        if after.status != before.status:
            change = {"before": before.status, "after": after.status}
            await self.work.audit.note(Action.status_changed, after.id, actor=by.name, ip=by.ip, **change, **by.why)
        if after.roles != before.roles:
            roles = {"before": before.roles, "after": after.roles}
            await self.work.audit.note(Action.roles_changed, after.id, actor=by.name, ip=by.ip, **roles, **by.why)
        log.info("account changed", account=after.id, status=after.status, roles=after.roles, by=by.name)


def existing(account: ManagedAccount | None) -> ManagedAccount:
    if account is None:
        raise AccountNotFound("There is no such account.")
    return account
