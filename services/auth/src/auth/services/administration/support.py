"""How somebody signs in, for admins who help them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from auth.services.api_keys.records import ApiKey
from auth.services.errors import AccountNotFound
from auth.services.passkeys.records import Passkey
from auth.services.ports import UnitOfWork
from auth.services.providers.records import Identity
from auth.services.second_factor.records import FactorStatus
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class SignInMethods:
    """What an account signs in with."""

    has_password: bool
    second_factor: FactorStatus
    trusted_devices: int
    passkeys: Sequence[Passkey]
    identities: Sequence[Identity]
    api_keys: Sequence[ApiKey]


@dataclass(frozen=True, slots=True)
class Support:
    """Reads what support needs to know."""

    transactions: Transactions[UnitOfWork]
    trusted_for: timedelta

    async def sign_in_methods(self, account_id: int) -> SignInMethods:
        """Raises AccountNotFound."""
        async with self.transactions() as work:
            account = await work.accounts.get(account_id)
            if account is None:
                raise AccountNotFound("There is no such account.")
            return SignInMethods(
                has_password=account.has_password,
                second_factor=await work.second_factors.status(account_id),
                trusted_devices=len(await work.trusted_devices.all(account_id, self.trusted_for)),
                passkeys=await work.passkeys.all(account_id),
                identities=await work.identities.of(account_id),
                api_keys=await work.api_keys.of(account_id),
            )
