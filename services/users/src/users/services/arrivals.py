"""New people. A profile is made when it is first asked for, from what auth knows (read-your-writes)."""

from dataclasses import dataclass

from common.ports import Transactions
from users.services.errors import UserNotFound
from users.services.ports import Accounts, Work


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Makes the profiles of accounts that have none yet."""

    accounts: Accounts
    transactions: Transactions[Work]

    async def welcome(self, user_id: int) -> None:
        """Make the profile. No connection is held while auth is asked; of two at once, one makes it.

        Raises:
            UserNotFound: there is no such account.
            DependencyUnavailable: auth cannot be asked.
        """
        account = await self.accounts.get(user_id)
        if account is None:
            raise UserNotFound("User not found")
        async with self.transactions() as work:
            await work.profiles.arrive(account)
