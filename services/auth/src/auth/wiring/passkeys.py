"""Wires passkeys, and names what their routes depend on."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Request

from auth.config import Settings, given
from auth.repositories.passkeys import PasskeyRepository
from auth.repositories.unit_of_work import unit_of_work
from auth.services.passkeys.challenges import Challenges
from auth.services.passkeys.own import OwnPasskeys
from auth.services.passkeys.ports import PasskeyReader
from auth.services.passkeys.relying_party import RelyingParty
from auth.services.passkeys.sign_in import PasskeySignIn
from auth.services.ports import UnitOfWork
from auth.services.sessions.opening import SessionOpener
from common.db.database import TransactionFactory
from common.http.deps import DbSession, FromState, ReadSession


def passkey_parts(
    settings: Settings,
    transactions: TransactionFactory[UnitOfWork],
    sessions: SessionOpener,
    now: Callable[[], float],
) -> Mapping[str, object]:
    """The parts in `app.state`. `now`: the database's clock, in seconds since 1970."""
    challenges = Challenges(now, *given(settings.refresh_key, settings.refresh_key_previous))
    site = RelyingParty.of(settings.issuer, settings.mail_from.name, settings.passkey_origins)
    return {
        "passkey_challenges": challenges,
        "passkey_site": site,
        "passkey_sign_in": PasskeySignIn(transactions, sessions, challenges, site),
    }


async def get_own_passkeys(request: Request, session: DbSession) -> OwnPasskeys:
    state = request.app.state
    challenges, site = state.passkey_challenges, state.passkey_site
    return OwnPasskeys(unit_of_work(session, state.lifetimes), challenges, site, state.identities.providers)


async def get_passkeys(session: ReadSession) -> PasskeyReader:
    return PasskeyRepository(session)


ChangePasskeys = Annotated[OwnPasskeys, Depends(get_own_passkeys)]
ReadPasskeys = Annotated[PasskeyReader, Depends(get_passkeys)]
SignInByPasskey = Annotated[PasskeySignIn, Depends(FromState("passkey_sign_in"))]
KnownSite = Annotated[RelyingParty, Depends(FromState("passkey_site"))]
