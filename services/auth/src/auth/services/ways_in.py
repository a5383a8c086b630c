"""What an account may sign in with."""

from collections.abc import Collection

from auth.services.errors import LastWayIn
from auth.services.passwords import NO_PASSWORD
from auth.services.ports import UnitOfWork
from auth.services.records import Credentials


async def require_way_in(work: UnitOfWork, known: Credentials, providers: Collection[str]) -> None:
    """Require that one is left, after one was removed in this transaction, which has locked the account.

    `providers` are those that people can sign in with now. Raises LastWayIn.
    """
    account_id = known.account.id
    if known.password_hash != NO_PASSWORD or await work.passkeys.known(account_id):
        return
    if not {identity.provider for identity in await work.identities.of(account_id)} & set(providers):
        raise LastWayIn("This is the only way in to your account. Choose a password first, or add another way.")
