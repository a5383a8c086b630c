"""Step-up (RFC 9470): proving again, within a session, who one is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from auth.services.audit import Action
from auth.services.errors import AccountNotFound, WrongPassword
from auth.services.ports import UnitOfWork
from auth.services.records import Account, Device, Session, Tokens
from auth.services.second_factor.errors import ProofMissing, SecondFactorOff, WrongCode
from auth.services.second_factor.factors import Factors
from auth.services.second_factor.records import Proof
from auth.services.sessions.opening import Method, SessionOpener
from auth.services.throttle import Throttle
from common.errors import InsufficientUserAuthentication
from common.ports import Transactions
from common.tokens.claims import InvalidToken

RECENT: Final = timedelta(minutes=10)
"""How old a proof may be where a recent one is wanted."""


@dataclass(frozen=True, slots=True)
class StepUp:
    """Renews the proofs of a session, and tells whether they are recent."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle
    factors: Factors
    sessions: SessionOpener

    async def prove(
        self, account_id: int, session_id: UUID, password: str | None, proof: Proof | None, device: Device
    ) -> Tokens:
        """An access token that says what was proven now. Accounts with a second factor prove that, others the password.

        Raises:
            ProofMissing: the needed proof was not given.
            SecondFactorOff: a code was given, and the account has no second factor.
            WrongPassword, WrongCode
            SignInThrottled, SignInClosed: too many wrong ones before.
            InvalidToken: the session has ended.
        """
        async with self.transactions() as work:
            account = await work.accounts.get(account_id)
        if account is None:
            raise AccountNotFound("There is no such account.")
        if proof is not None and not account.second_factor:
            raise SecondFactorOff("This account has no second factor: give the password.")
        if (proof if account.second_factor else password) is None:
            raise ProofMissing(what_is_missing(account))
        known = None if password is None else await self.throttle.confirm(account_id, password, device)
        if proof is not None:
            await self.factors.count(account_id, proof, device)
        async with self.transactions() as work:
            now = await work.accounts.credentials_of(account_id, lock=True)
            if now is None or (known is not None and now.password_hash != known.password_hash):
                raise WrongPassword("The password has just been changed.")
            proven = [Method.password] if known else []
            added = await self.factors.use(work, account_id, proof, device) if proof else []
            tokens = None if added is None else await self._renew(work, account_id, session_id, [*proven, *added])
            if tokens is not None:
                await work.audit.note(Action.stepped_up, account_id, ip=device.ip, session=str(session_id))
        if tokens is None:
            raise WrongCode("The code is wrong, or was used before.")
        return tokens

    async def _renew(self, work: UnitOfWork, account_id: int, session_id: UUID, proven: list[Method]) -> Tokens:
        session = own(await work.sessions.find(session_id, lock=True), account_id)
        # what was proven before stays, except that two factors are claimed only by those who prove them now
        kept = [method for method in session.methods if method != Method.mfa]
        await work.sessions.confirm(session_id, list(dict.fromkeys([*kept, *proven])))
        session = own(await work.sessions.find(session_id), account_id)
        return self.sessions.access_only(session)

    async def require(self, account_id: int, session_id: UUID, *, of_everybody: bool) -> None:
        """Require that the session's owner has proven within ten minutes who they are.

        With their second factor, if they have one. Without one it is required only `of_everybody`: where it is not, the
        password is asked for at once.

        Raises InsufficientUserAuthentication, InvalidToken.
        """
        async with self.transactions() as work:
            session = await work.sessions.find(session_id)
        if session is None or session.account.id != account_id:
            raise InvalidToken("The session has ended.")
        if of_everybody:
            own(session, account_id)  # a request for deletion may be repeated by a session that it has ended
        if of_everybody or session.account.second_factor:
            require_recent(session)


def what_is_missing(account: Account) -> str:
    if account.second_factor:
        return "Give a code."
    return "Give the password." if account.has_password else "This account has no password: sign in again instead."


def require_recent(session: Session) -> None:
    has_factor = session.account.second_factor
    is_old = session.now - session.proven_at > RECENT.total_seconds()
    if is_old or (has_factor and Method.mfa not in session.methods):
        what = "Confirm first that it is you." if session.account.has_password else "Sign in again first."
        what = "Enter a code of your second factor first." if has_factor else what
        raise InsufficientUserAuthentication(what, second_factor=has_factor, max_age=RECENT)


def own(session: Session | None, account_id: int) -> Session:
    """The caller's session. Its access tokens may be accepted for seconds after it has ended."""
    if session is None or not session.alive or session.account.id != account_id:
        raise InvalidToken("The session has ended.")
    return session
