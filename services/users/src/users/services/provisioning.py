"""Provisioning: makes profiles of new accounts by their events. If a request comes first, users asks auth itself."""

from dataclasses import dataclass

from common.ports import Transactions
from users.services.errors import UserNotFound
from users.services.events import profile_event
from users.services.ports import AccountClient, UnitOfWork
from users.services.records import AccountState


async def provision(work: UnitOfWork, account: AccountState) -> None:
    """Create the profile of an account and publish it; or store a known account's newer state; or begin its erasure."""
    if account.gone:
        await work.erasures.begin(account.id, account.version)
        await work.profiles.remove(account.id)
        await work.authored.remove(account.id)  # only with posts
        return
    summary = await work.profiles.upsert_account(account)
    if summary is not None:
        await work.events.publish(profile_event(summary))


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Makes the profiles of accounts that have none yet (read-your-writes)."""

    accounts: AccountClient
    transactions: Transactions[UnitOfWork]

    async def ensure_profile(self, user_id: int) -> None:
        """Create the profile. No connection is held during the call to auth; of two concurrent calls, one creates it.

        Raises:
            UserNotFound: there is no such account, or it was deleted.
            DependencyUnavailable: auth is unavailable.
        """
        async with self.transactions() as work:
            if await work.erasures.is_erased(user_id):  # even if auth knows it, restored from an older backup
                raise UserNotFound("User not found")
        account = await self.accounts.get(user_id)
        if account is None:
            raise UserNotFound("User not found")
        async with self.transactions() as work:
            await provision(work, account)
        if account.gone:
            raise UserNotFound("User not found")
