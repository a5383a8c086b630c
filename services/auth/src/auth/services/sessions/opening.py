"""Opening sessions: the end of every way to sign in."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Final

import structlog

from auth.services.audit import Action
from auth.services.ports import UnitOfWork
from auth.services.records import Account, Credentials, Device, Session, Tokens
from auth.services.second_factor.challenges import ask_for_second_factor, is_trusted
from auth.services.second_factor.records import PendingSignIn
from auth.services.sessions.access_tokens import CLIENT, AccessTokens
from auth.services.sessions.refresh_tokens import RefreshTokens
from auth.services.sessions.revocation import end_session
from common.tokens.claims import MULTI_FACTOR, USER_SCOPE

log = structlog.get_logger()

LASTING: Final = "conduit"
"""The client whose sessions have one token that never changes: front ends of the RealWorld API cannot renew one."""


class Method(StrEnum):
    """How somebody proved who they are: values of `amr` (RFC 8176), as sessions and access tokens name them."""

    password = "pwd"  # noqa: S105  # a name
    otp = "otp"
    mfa = MULTI_FACTOR
    possession = "pop"
    presence = "user"
    provider = "fed"
    """Another site's word. Not registered; the name that others use."""


class Way(StrEnum):
    """How somebody came in, for the audit trail. `Method` cannot tell a mailed code from an authenticator's."""

    password = "password"  # noqa: S105  # a name
    mail_code = "mail-code"
    passkey = "passkey"


def by_provider(name: str) -> str:
    """The way of those who come from a provider."""
    return f"provider:{name}"


@dataclass(frozen=True, slots=True)
class SessionOpener:
    """Opens sessions, and makes their tokens."""

    access: AccessTokens
    refresh_tokens: RefreshTokens
    require_verified_email: bool = False
    trusted_for: timedelta = timedelta(0)
    """How long a device may be trusted; zero: never."""

    def why_not(self, account: Account, client: str = CLIENT) -> str | None:
        """Why an account may not sign in, if so; for the audit trail, never for the caller (S-06)."""
        if account.status != "active":
            return f"account {account.status}"
        if client == LASTING and account.roles:
            return "account has roles"
        if client == LASTING and account.second_factor:
            return "account has a second factor"
        return "address not proven" if self.require_verified_email and not account.email_verified else None

    async def admit(
        self,
        work: UnitOfWork,
        known: Credentials,
        device: Device,
        methods: Sequence[Method],
        via: str,
        trusted: str | None = None,
    ) -> Tokens | PendingSignIn | None:
        """Open a session, or ask for the second factor: the one place that decides.

        `methods` were proven, on this `Way` or `by_provider`. `trusted` is the token of a device that may be trusted.
        Such a device saves its owner the second factor, but proves nothing, so its session has no `mfa`. None as from
        `open`.
        """
        account = known.account
        if self.why_not(account) is not None:
            return None
        if account.second_factor and Method.mfa not in methods:
            await work.accounts.lock_for_share(account.id)  # before the device, as by those who forget it
            device_id = await is_trusted(work, account.id, trusted, self.trusted_for)
            if device_id is None:
                may_trust = bool(self.trusted_for)
                return await ask_for_second_factor(work, known, methods, via, device, may_trust_device=may_trust)
            log.info("second factor left out", account=account.id, trusted_device=str(device_id))
        return await self.open(work, known, device, methods, via)

    async def open(
        self,
        work: UnitOfWork,
        known: Credentials,
        device: Device,
        methods: Sequence[str],
        via: str | None,
        client: str = CLIENT,
    ) -> Tokens | None:
        """The tokens of a new session. None if the account may not sign in.

        None also if by now it has another password, or has turned its second factor on or off. The caller has checked
        all proofs that the account wants (`admit`).
        """
        if self.why_not(known.account, client) is not None:
            return None
        secret = secrets.token_bytes(32)
        session = await work.sessions.open(uuid.uuid4(), known, secret, device, client, methods)
        if session is None:
            return None
        tokens = self.tokens(session, session.generation)
        for other in await work.sessions.too_many(session.account.id):
            await end_session(work, other, "too many sessions")
        account_id, about = session.account.id, {"session": str(session.id), "via": via}
        await work.audit.note(Action.signed_in, account_id, ip=device.ip, methods=list(methods), **about)
        log.info("signed in", account=account_id, methods=list(methods), **about)
        return tokens

    def tokens(self, session: Session, generation: int) -> Tokens:
        """An access token, and the refresh token of a generation. Raises KeysUnavailable."""
        lasting = session.client == LASTING
        make = self.refresh_tokens.make_lasting if lasting else partial(self.refresh_tokens.make, generation=generation)
        return Tokens(
            access_token=self.access.for_person(session),
            expires_in=self.access.expires_in,
            scope=USER_SCOPE,
            refresh_token=make(session.id, secret=session.secret),
            account_id=session.account.id,
        )

    def access_only(self, session: Session) -> Tokens:
        """Another access token of a session. Raises KeysUnavailable."""
        return Tokens(
            self.access.for_person(session), self.access.expires_in, USER_SCOPE, account_id=session.account.id
        )
