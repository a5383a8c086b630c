"""Opening sessions: the end of every way to sign in."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

import structlog

from auth.services.access_tokens import CLIENT, AccessTokens
from auth.services.audit import Action
from auth.services.ports import UnitOfWork
from auth.services.records import Account, Credentials, Device, Session, Tokens
from auth.services.refresh_tokens import RefreshTokens
from auth.services.session_revocation import end_session
from common.tokens.claims import USER_SCOPE

log = structlog.get_logger()

LASTING: Final = "conduit"
"""The client whose sessions have one token that never changes: front ends of the RealWorld API cannot renew one."""


class Method(StrEnum):
    """How somebody proved who they are: values of `amr` (RFC 8176), as sessions and access tokens name them."""

    password = "pwd"  # noqa: S105  # a name
    provider = "fed"
    """Another site's word. Not registered; the name that others use."""


@dataclass(frozen=True, slots=True)
class SessionOpener:
    """Opens sessions, and makes their tokens."""

    access: AccessTokens
    refresh_tokens: RefreshTokens
    require_verified_email: bool = False

    def why_not(self, account: Account, client: str = CLIENT) -> str | None:
        """Why an account may not sign in, if so; for the audit trail, never for the caller (S-06)."""
        if account.status != "active":
            return f"account {account.status}"
        if client == LASTING and account.roles:
            return "account has roles"
        return "address not proven" if self.require_verified_email and not account.email_verified else None

    async def open(
        self, work: UnitOfWork, known: Credentials, device: Device, methods: Sequence[Method], client: str = CLIENT
    ) -> Tokens | None:
        """The tokens of a new session. None if the account may not sign in, or has another password by now.

        The caller has checked all proofs that the account wants, `second_factor` included.
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
        await work.audit.note(
            Action.signed_in, session.account.id, ip=device.ip, session=str(session.id), methods=list(methods)
        )
        log.info("signed in", account=session.account.id, session=str(session.id), methods=list(methods))
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
