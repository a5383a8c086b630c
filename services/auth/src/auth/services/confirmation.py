"""Confirming changes after which a thief could keep the account: one rule for all that accept the password.

Either the caller gives the account's password, or their session has proven within ten minutes who they are. So accounts
that have no password can do all that others can.
"""

from auth.services.access_tokens import CLIENT
from auth.services.errors import AccountNotFound, NotThisClient, WrongPassword
from auth.services.ports import UnitOfWork
from auth.services.records import Credentials, Device
from auth.services.second_factor.step_up import own, require_recent
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
    """Require in the transaction of a change what `check_password` has found, or else a recent proof.

    Locks the account, and returns it as it is now.

    Raises:
        AccountNotFound
        WrongPassword: the password has been changed since it was checked.
        InsufficientUserAuthentication: no password was given, and the last proof is too old.
        NotThisClient: a session that cannot step up has to give the password.
        InvalidToken: the session has ended.
    """
    now = await work.accounts.credentials_of(caller.account_id, lock=True)
    if now is None:
        raise AccountNotFound("There is no such account.")
    if known is None:
        await require_recent_proof(work, caller)
    elif now.password_hash != known.password_hash:
        raise WrongPassword("The password has just been changed.")
    return now


async def require_recent_proof(work: UnitOfWork, caller: Principal) -> None:
    """Raises InsufficientUserAuthentication, NotThisClient, InvalidToken."""
    session = own(await work.sessions.find(caller.session_id), caller.account_id)
    if session.client != CLIENT:
        raise NotThisClient("Give the password: in sessions of this client nothing replaces it.")
    require_recent(session)
