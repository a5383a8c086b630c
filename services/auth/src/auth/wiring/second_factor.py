"""Wires the second factor, and names what its routes depend on."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends

from auth.config import Settings, given
from auth.services.errors import NotThisClient
from auth.services.ports import UnitOfWork
from auth.services.second_factor.factors import Factors
from auth.services.second_factor.own_factor import OwnFactor
from auth.services.second_factor.second_step import SecondStep
from auth.services.second_factor.step_up import StepUp
from auth.services.sessions.access_tokens import CLIENT
from auth.services.sessions.opening import SessionOpener
from auth.services.signing_keys.material import KeyCipher
from auth.services.throttle import Throttle
from common.http.deps import FromState, SignedIn
from common.ports import Transactions
from common.tokens.claims import Principal


def parts(
    settings: Settings, transactions: Transactions[UnitOfWork], throttle: Throttle, sessions: SessionOpener
) -> Mapping[str, object]:
    """For the app's state."""
    cipher = KeyCipher(*given(settings.key_encryption_key, settings.key_encryption_key_previous))
    factors = Factors(transactions, cipher)
    trusted_for = settings.trusted_device
    return {
        "own_factor": OwnFactor(transactions, throttle, factors, settings.mail_from.name, trusted_for),
        "second_step": SecondStep(transactions, factors, sessions, trusted_for),
        "step_up": StepUp(transactions, throttle, factors, sessions),
    }


StepUps = Annotated[StepUp, Depends(FromState("step_up"))]
OwnFactors = Annotated[OwnFactor, Depends(FromState("own_factor"))]
SecondSteps = Annotated[SecondStep, Depends(FromState("second_step"))]


async def get_caller_of_the_site(caller: SignedIn) -> Principal:
    if caller.client_id != CLIENT:
        raise NotThisClient("Sessions of other clients may not do this.")
    return caller


FromTheSite = Annotated[Principal, Depends(get_caller_of_the_site)]
"""People in a session of the site's own client: lasting sessions (`services.conduit`) know no second step."""


async def get_proven_caller(caller: SignedIn, step_up: StepUps) -> Principal:
    await step_up.require(caller.account_id, caller.session_id, of_everybody=False)
    return caller


async def get_just_proven_caller(caller: FromTheSite, step_up: StepUps) -> Principal:
    await step_up.require(caller.account_id, caller.session_id, of_everybody=True)
    return caller


Proven = Annotated[Principal, Depends(get_proven_caller)]
"""People who have proven their second factor within ten minutes, if they have one. For changes that also ask for the
password. Raises InsufficientUserAuthentication."""

JustProven = Annotated[Principal, Depends(get_just_proven_caller)]
"""People who have proven within ten minutes who they are, with their second factor if they have one. Raises
InsufficientUserAuthentication."""
