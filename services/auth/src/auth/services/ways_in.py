"""What an account may sign in with."""

from collections.abc import Collection

from auth.services.errors import LastWayIn
from auth.services.passwords.hashing import NO_PASSWORD
from auth.services.ports import UnitOfWork
from auth.services.records import Account, Credentials
from auth.services.second_factor.factors import remove_factor
from auth.services.sessions.revocation import end_sessions


async def require_way_in(work: UnitOfWork, known: Credentials, providers: Collection[str]) -> None:
    """Require that one is left, after one was removed in this transaction, which has locked the account.

    `providers` are those that people can sign in with now. Raises LastWayIn.
    """
    account_id = known.account.id
    if known.password_hash != NO_PASSWORD or await work.passkeys.known(account_id):
        return
    if not {identity.provider for identity in await work.identities.of(account_id)} & set(providers):
        raise LastWayIn("This is the only way in to your account. Choose a password first, or add another way.")


async def begin_anew(work: UnitOfWork, account: Account, *, keeps_password: bool) -> None:
    """Remove what whoever opened a locked account has set up, now that the owner of its address has come.

    Anybody can sign up with somebody else's address. So before it is proven, neither sessions and keys nor passkeys,
    identities and second factors are known to be its owner's, nor the password.
    """
    await remove_factor(work, account.id)
    for passkey in await work.passkeys.all(account.id):
        await work.passkeys.remove(account.id, passkey.id)
    for identity in await work.identities.of(account.id):
        await work.identities.remove(account.id, identity.provider)
    known = None if keeps_password else await work.accounts.credentials_of(account.id)
    if known is not None:
        await work.accounts.replace_hash(account.id, known.password_hash, NO_PASSWORD)
    await end_sessions(work, account.id, "address proven")
