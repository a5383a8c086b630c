"""An account's identities at providers: linking and unlinking by its owner."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from auth.services.audit import Action
from auth.services.errors import AccountNotFound
from auth.services.mail.sending import Kind, send_limited
from auth.services.ports import UnitOfWork
from auth.services.providers.errors import FlowRefused, IdentityNotFound, Reason
from auth.services.providers.records import Flow, Identity, Told
from auth.services.records import Account, Device
from auth.services.sessions.revocation import end_sessions
from auth.services.ways_in import require_way_in
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class Identities:
    """Links and unlinks identities. The account is locked first, so that changes of its ways in take turns."""

    transactions: Transactions[UnitOfWork]
    providers: Collection[str]
    """The names of those that people can sign in with now."""

    async def of(self, account_id: int) -> Sequence[Identity]:
        async with self.transactions() as work:
            return await work.identities.of(account_id)

    async def link(self, flow: Flow, told: Told, device: Device) -> None:
        """Link what a provider told at the end of a flow. Repeated, it changes nothing. Raises FlowRefused."""
        account_id, session_id = flow.account_id, flow.session_id
        if account_id is None or session_id is None:
            raise FlowRefused(Reason.not_valid)
        async with self.transactions() as work:
            account = await work.managed_accounts.lock(account_id)
            session = await work.sessions.find(session_id)
            if account is None or session is None or not session.alive:
                raise FlowRefused(Reason.not_valid, "signed out meanwhile")
            if await work.identities.add(account.id, flow.provider, told):
                await note_link(work, account, flow.provider, device, by_address=False)
                return
            known = await work.identities.find(flow.provider, told.subject)
            if known is None:
                raise FlowRefused(Reason.already_linked)
            if known.account_id != account.id:
                raise FlowRefused(Reason.identity_taken)

    async def unlink(self, account_id: int, provider: str, session_id: UUID, device: Device) -> None:
        """Unlink an identity, and end all other sessions: whoever controls it may have opened them.

        Raises:
            IdentityNotFound
            LastWayIn: the account has nothing else to sign in with.
        """
        async with self.transactions() as work:
            account = await work.managed_accounts.lock(account_id)
            known = await work.accounts.credentials_of(account_id)
            if account is None or known is None:
                raise AccountNotFound("There is no such account.")
            linked = {identity.provider for identity in await work.identities.of(account_id)}
            if provider not in linked:
                raise IdentityNotFound("Your account is not linked with this provider.")
            await work.identities.remove(account_id, provider)
            await require_way_in(work, known, self.providers)
            await send_limited(work, Kind.identity_unlinked, account.id, account.email)
            ended = await end_sessions(work, account_id, "identity unlinked", but=session_id)
            await work.audit.note(
                Action.identity_unlinked, account_id, ip=device.ip, provider=provider, sessions_ended=ended
            )


async def note_link(work: UnitOfWork, account: Account, provider: str, device: Device, *, by_address: bool) -> None:
    """Tell the owner of a new link, and record it. `by_address`: without them, since both sides have proven it."""
    await send_limited(work, Kind.identity_linked, account.id, account.email)
    await work.audit.note(Action.identity_linked, account.id, ip=device.ip, provider=provider, by_address=by_address)
