"""Confirming changes after which a thief could keep the account: one rule for all that accept the password.

Whoever has a password gives it: otherwise a stolen access token were enough for ten minutes after each sign-in. An
account without one can do the same, by a session that has proven within ten minutes who its owner is.
"""

from auth.services.errors import AccountNotFound, NotThisClient, WrongPassword
from auth.services.passwords.hashing import NO_PASSWORD
from auth.services.ports import UnitOfWork
from auth.services.records import Credentials, Device
from auth.services.second_factor.errors import ProofMissing
from auth.services.second_factor.step_up import own, require_recent
from auth.services.sessions.access_tokens import CLIENT
from auth.services.throttle import Throttle
from common.tokens.claims import Principal


async def check_password(
    throttle: Throttle, caller: Principal, password: str | None, device: Device
) -> Credentials | None:
    """The account whose password is right; None if none was given. Before the transaction, since hashing takes long.

    Raises:
        WrongPassword, SignInThrottled, SignInClosed, AccountNotFound
    """
    return None if password is None else await throttle.confirm(caller.account_id, password, device)


async def require_confirmed(work: UnitOfWork, caller: Principal, known: Credentials | None) -> Credentials:
    """Require in the transaction of a change what `check_password` has found. Without a password: a recent proof.

    Locks the account, and returns it as it is now.

    Raises:
        AccountNotFound
        ProofMissing: the account has a password, and it was not given.
        WrongPassword: the password has been changed since it was checked.
        InsufficientUserAuthentication, NotThisClient: it has none, and the last proof is too old.
        InvalidToken: the session has ended.
    """
    now = await work.accounts.credentials_of(caller.account_id, lock=True)
    if now is None:
        raise AccountNotFound("There is no such account.")
    if known is None:
        if now.password_hash != NO_PASSWORD:
            raise ProofMissing("Give the current password.")
        await require_recent_proof(work, caller)
    elif now.password_hash != known.password_hash:
        raise WrongPassword("The password has just been changed.")
    return now


async def require_recent_proof(work: UnitOfWork, caller: Principal) -> None:
    """Raises InsufficientUserAuthentication, NotThisClient, InvalidToken."""
    session = own(await work.sessions.find(caller.session_id), caller.account_id)
    if session.client != CLIENT:
        raise NotThisClient("Sessions of this client cannot prove who you are: sign in on the site.")
    require_recent(session)
