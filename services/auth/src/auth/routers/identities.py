"""The caller's identities at providers."""

from fastapi import Request, Response

from auth.deps import PROVIDER, CallingDevice
from auth.schemas.provider import IdentityList, IdentityResponse, LinkAddress, LinkRequest, ProviderName
from auth.services import errors
from auth.services.providers.errors import (
    IdentityNotFound,
    ProviderNotFound,
    ProviderUnavailable,
    ReturnNotListed,
)
from auth.wiring.providers import FlowCookie, Flows, OwnIdentities
from auth.wiring.second_factor import JustProven
from common.errors import InsufficientUserAuthentication
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router

router = service_router("/auth/identities", "providers", SmallBodyRoute)


@router.get("")
async def list_identities(caller: SignedIn, identities: OwnIdentities) -> IdentityList:
    """List the providers with which the caller may sign in."""
    found = await identities.of(caller.account_id)
    return IdentityList(items=[IdentityResponse.model_validate(one) for one in found])


@router.post(
    "/{name}/link",
    responses=problems(
        ProviderNotFound,
        ProviderUnavailable,
        ReturnNotListed,
        errors.NotThisClient,
        InsufficientUserAuthentication,
    ),
)
async def link_identity(
    name: ProviderName,
    wanted: LinkRequest,
    caller: JustProven,
    request: Request,
    response: Response,
    flows: Flows,
    cookie: FlowCookie,
    limits: Limits,
) -> LinkAddress:
    """Begin to link the caller's account with a provider. The browser must go to the address, with the cookie.

    The session must have proven within ten minutes who its owner is.
    """
    await limits.hit(PROVIDER)
    started = await flows.link(name, cookie.read(request), wanted.return_to, caller.account_id, caller.session_id)
    cookie.write(response, started.browser)
    return LinkAddress(address=started.address)


@router.delete(
    "/{name}",
    status_code=204,
    responses=problems(
        IdentityNotFound,
        errors.LastWayIn,
        errors.NotThisClient,
        InsufficientUserAuthentication,
        errors.AccountNotFound,
    ),
)
async def unlink_identity(
    name: ProviderName, caller: JustProven, identities: OwnIdentities, device: CallingDevice
) -> None:
    """Unlink a provider, and sign out all other devices.

    The session must have proven within ten minutes who its owner is.
    """
    await identities.unlink(caller.account_id, name, caller.session_id, device)
