"""The grants (a password, a refresh token or a service's secret for an access token), and signing out."""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import structlog

from auth.services.audit import ANONYMOUS, Action, masked
from auth.services.errors import InvalidClient, InvalidGrant, OAuthRefusal
from auth.services.ports import UnitOfWork
from auth.services.records import Account, CheckedPassword, Credentials, Device, Session, Tokens
from auth.services.second_factor.records import PendingSignIn
from auth.services.secret_hashes import hash_secret
from auth.services.sessions import refresh_tokens
from auth.services.sessions.access_tokens import CLIENT
from auth.services.sessions.opening import LASTING, Method, SessionOpener, Way
from auth.services.sessions.ports import SessionRotation
from auth.services.sessions.refresh_tokens import RefreshToken
from auth.services.sessions.revocation import end_session
from auth.services.throttle import NOBODY, Throttle
from common.email_addresses import normal_email
from common.ports import Transactions
from common.services import AUDIENCES
from common.tokens.claims import SERVICE_SCOPE

log = structlog.get_logger()

T = TypeVar("T")
WRONG = "The address or the password is wrong."
NEEDS_SECOND_STEP: Final = "This account has a second factor: sign in on the site's own page."
SERVICE: Final = re.compile(r"svc:[a-z]{1,20}")
MOST_REISSUES: Final = 3
"""Answers are rarely lost; a thief could repeat a stolen token for as long as the session lasts."""
SPENT = "The refresh token is not valid any more; sign in again."


@dataclass(frozen=True, slots=True)
class SignInService:
    """Signs people and services in, keeps people signed in, and signs them out."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle
    sessions: SessionOpener
    rotation: SessionRotation
    parents_repeat: bool = True
    """False: each refresh token can be used once, even if the answer is lost."""

    async def with_password(self, username: str, password: str, device: Device, client: str = CLIENT) -> Tokens:
        """Open a session, for clients that know no second step.

        Raises:
            InvalidGrant: no such account, wrong password, address not verified though required, or the account may not
                sign in. The answer never tells which (S-06). To somebody who knows the password it tells that the
                account has a second factor.
            SignInThrottled, SignInClosed: too many wrong passwords before.
        """

        async def enter(work: UnitOfWork, known: Credentials) -> Tokens | InvalidGrant | None:
            if known.account.second_factor:
                about = {"ip": device.ip, "email": masked(known.account.email), "reason": "second factor needed"}
                await work.audit.note(Action.sign_in_refused, known.account.id, actor=ANONYMOUS, **about)
                return InvalidGrant(NEEDS_SECOND_STEP)  # raised outside: what was noted stays
            return await self.sessions.open(work, known, device, [Method.password], Way.password, client)

        done: Tokens | InvalidGrant = await self._with_password(username, password, device, enter, client)
        if isinstance(done, InvalidGrant):
            raise done
        return done

    async def first_step(
        self, username: str, password: str, device: Device, trusted: str | None = None
    ) -> Tokens | PendingSignIn:
        """Open a session, or ask for the second factor. Raises as `with_password` does."""

        async def enter(work: UnitOfWork, known: Credentials) -> Tokens | PendingSignIn | None:
            return await self.sessions.admit(work, known, device, [Method.password], Way.password, trusted)

        return await self._with_password(username, password, device, enter)

    async def _with_password(
        self,
        username: str,
        password: str,
        device: Device,
        enter: Callable[[UnitOfWork, Credentials], Awaitable[T | None]],
        client: str = CLIENT,
    ) -> T:
        """The result of `enter` for the account, if it may sign in and the password is right."""
        checked = await self.throttle.check(username, password, device)
        async with self.transactions() as work:
            reason = self._why_not(checked, client)
            found = checked.found if reason is None else None
            done = await enter(work, await renewed(work, found, checked.renewed)) if found is not None else None
            if done is not None:
                await work.throttle.succeed(checked.key)
            elif reason is not None:
                await note_refusal(work, checked, reason, username, device)
        if done is not None:
            return done
        if reason is None:  # the account has changed while the password was being checked
            return await self._with_password(username, password, device, enter, client)
        raise InvalidGrant(WRONG)

    def _why_not(self, checked: CheckedPassword, client: str) -> str | None:
        """Why this sign-in is refused; for the audit trail, never for the caller (S-06)."""
        if checked.found is None:
            return "unknown address"
        return self.sessions.why_not(checked.found.account, client) if checked.fits else "wrong password"

    async def with_refresh_token(self, token: str, device: Device) -> Tokens:
        """Rotate a session's refresh token (RFC 9700, section 4.14).

        The direct parent may be repeated while its successor was never used: then the answer was lost. Within the grace
        period it gets the same successor, which two tabs need. Later it gets another successor, a few times, and the
        previous one becomes invalid: if somebody has it, its use is detected. Any other genuine token was stolen, from
        here or from the client, and ends the session. That is committed although the request is refused.

        Raises:
            InvalidGrant: for any reason.
        """
        claimed = refresh_tokens.parse(token)
        if claimed is None:
            raise InvalidGrant(SPENT)
        session = await self._genuine(self.rotation, claimed)
        if session is None or not session.alive:
            raise InvalidGrant(SPENT)
        self.sessions.access.require_key()  # without one, the given token is not spent
        # A transaction of its own. Whatever changes the account after it refuses tokens of that moment, and so these,
        # which are dated by the reading before it.
        account = await self.rotation.rotate(session, claimed.generation)
        if account is not None:
            generation = claimed.generation + 1
            return self.sessions.tokens(replace(session, account=account, generation=generation), generation)
        async with self.transactions() as work:
            repeated = await self._repeat(work, session, claimed, device)
            tokens = self.sessions.tokens(repeated, repeated.generation) if repeated else None
        if tokens is None:
            raise InvalidGrant(SPENT)
        return tokens

    async def _repeat(
        self, work: UnitOfWork, session: Session, claimed: RefreshToken, device: Device
    ) -> Session | None:
        """The session for a token that is not current. None if it was stolen, or the session is over."""
        account = await work.accounts.lock_for_share(session.account.id)
        if account is None or account.status != "active":
            return None
        current = await work.sessions.find(session.id, lock=True)
        if current is None or not current.alive:
            return None
        noted = {"actor": ANONYMOUS, "ip": device.ip, "session": str(session.id)}
        if self.parents_repeat and claimed.generation == current.parent:
            if current.in_grace:
                return replace(current, account=account)
            if current.reissues < MOST_REISSUES:
                made = await work.sessions.reissue(session.id, current.parent)
                await work.audit.note(Action.refresh_token_reissued, account.id, **noted)
                log.info("refresh token issued again", session=str(session.id), account=account.id)
                return replace(current, account=account, generation=made)
        await end_session(work, session.id, "refresh token reused")
        await work.audit.note(Action.refresh_token_reused, account.id, **noted)
        log.warning("refresh token reused", session=str(session.id), account=account.id)
        return None

    async def _genuine(self, sessions: SessionRotation, claimed: RefreshToken) -> Session | None:
        """The session of a token that this server made. A forged token is refused and changes nothing."""
        session = await sessions.find(claimed.session_id)
        genuine = self.sessions.refresh_tokens.genuine
        return session if session is not None and genuine(claimed, session.secret) else None

    async def with_new_account(self, work: UnitOfWork, account: Account, device: Device, client: str) -> Tokens:
        """Open the first session of an account that this transaction has created."""
        known = await work.accounts.credentials_of(account.id)
        tokens = (
            await self.sessions.open(work, known, device, [Method.password], Way.password, client) if known else None
        )
        if tokens is None:  # deleted at this moment
            raise InvalidGrant(WRONG)
        return tokens

    async def with_lasting_token(self, token: str, device: Device) -> Tokens:
        """An access token for a lasting session, which this use keeps from ending by idleness.

        None for an account with roles: a stolen token, whose reuse nobody notices, must not be an admin's. None for one
        with a second factor, which such a session has never proven.

        Raises:
            InvalidGrant: for any reason.
        """
        claimed = refresh_tokens.parse_lasting(token)
        if claimed is None:
            raise InvalidGrant(SPENT)
        async with self.transactions() as work:
            session = await self._genuine(work.sessions, claimed)
            account = await work.sessions.use(session) if session and session.client == LASTING else None
            if session is None or account is None or account.roles or account.second_factor:
                raise InvalidGrant(SPENT)
            made = self.sessions.tokens(replace(session, account=account), session.generation)
            return replace(made, refresh_token=token)  # not one under the server's new key: it never changes

    async def with_client_secret(self, client_id: str, secret: str, audience: str | None, device: Device) -> Tokens:
        """A service's token for one other service.

        Raises:
            InvalidClient: unknown service or wrong secret.
            OAuthRefusal: no such audience.
        """
        async with self.transactions() as work:
            identity = await work.clients.find(client_id)
        offered = hash_secret(secret)
        if identity is None or not any(hmac.compare_digest(offered, known) for known in identity.secret_hashes):
            known_shape = SERVICE.fullmatch(client_id)  # other values may be a secret in the wrong field
            log.warning("service sign-in refused", client=client_id if known_shape else None, ip=device.ip)
            raise InvalidClient("Unknown client or wrong secret.")
        if audience not in AUDIENCES:
            raise OAuthRefusal("audience must name one service.")
        access = self.sessions.access
        token = access.for_service(client_id, audience, identity.now)
        return Tokens(access_token=token, expires_in=access.expires_in, scope=SERVICE_SCOPE)

    async def revoke(self, token: str, device: Device) -> None:
        """End the session of a refresh token of any generation (RFC 7009); other tokens are ignored."""
        claimed = refresh_tokens.parse(token)
        if claimed is None:
            return
        async with self.transactions() as work:
            session = await self._genuine(work.sessions, claimed)
            if session is not None and await end_session(work, session.id, "signed out"):
                await work.audit.note(Action.signed_out, session.account.id, ip=device.ip, session=str(session.id))


async def renewed(work: UnitOfWork, found: Credentials, better: str | None) -> Credentials:
    """An account whose password fits, with its new hash if the old one has outdated parameters."""
    if better and await work.accounts.replace_hash(found.account.id, found.password_hash, better):
        return Credentials(found.account, better)
    return found


async def note_refusal(work: UnitOfWork, checked: CheckedPassword, reason: str, username: str, device: Device) -> None:
    account = checked.found.account.id if checked.found else None
    email = masked(normal_email(username) or NOBODY)  # other texts may be a password in the wrong field (S-46)
    await work.audit.note(Action.sign_in_refused, account, actor=ANONYMOUS, ip=device.ip, email=email, reason=reason)
    log.warning("sign-in refused", account=account, email=email, reason=reason)
