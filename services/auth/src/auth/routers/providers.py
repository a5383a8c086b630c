"""Signing in by a provider: from the page to the provider, back, and to tokens.

`authorize` and `callback` are for browsers, not for programs: they answer with redirects. However a flow ends, it ends
on one of the site's pages, with `#provider-code=…`, `#provider-linked=…` or `#provider-error=…` in its address.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from auth.deps import PROVIDER, AppSettings, CallingDevice
from auth.schemas.provider import ProviderList, ProviderName, ProviderResponse, ReturnTo
from auth.services.providers.errors import ProviderNotFound, ReturnNotListed
from auth.services.providers.records import Answer
from auth.wiring.providers import FlowCookie, Flows
from common.http.access import public
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router
from common.schemas import Text

router = service_router("/auth/providers", "providers", SmallBodyRoute)

Told = Annotated[Text | None, Query(max_length=4096)]


class FormAnswer(BaseModel):
    """What Apple's form tells. Other fields are ignored, as OAuth demands."""

    code: Text | None = Field(default=None, max_length=4096, repr=False, examples=["c5a9f0…"])
    state: Text | None = Field(default=None, max_length=4096, repr=False, examples=["3q2-7wAh5jVtYk0c…"])
    iss: Text | None = Field(default=None, max_length=4096, examples=["https://appleid.apple.com"])
    error: Text | None = Field(default=None, max_length=4096, examples=["user_cancelled_authorize"])


@router.get("")
@public
async def list_providers(settings: AppSettings) -> ProviderList:
    """List the providers by which people may sign in."""
    return ProviderList(items=[ProviderResponse.model_validate(one) for one in settings.providers])


@router.get(
    "/{name}/authorize",
    status_code=302,
    response_class=RedirectResponse,
    responses=problems(ProviderNotFound, ReturnNotListed),
)
@public
async def go_to_provider(
    name: ProviderName,
    request: Request,
    flows: Flows,
    cookie: FlowCookie,
    limits: Limits,
    return_to: Annotated[ReturnTo | None, Query(description="One of PROVIDER_RETURNS, exactly.")] = None,
) -> RedirectResponse:
    """Send the browser to the provider, to sign in. A cookie ties the flow to this browser."""
    await limits.hit(PROVIDER)
    started = await flows.sign_in(name, cookie.read(request), return_to)
    answer = RedirectResponse(started.address, 302)
    cookie.write(answer, started.browser)
    return answer


@router.get("/{name}/callback", status_code=303, response_class=RedirectResponse, responses=problems(ProviderNotFound))
@public
async def return_from_provider(
    name: ProviderName,
    request: Request,
    flows: Flows,
    cookie: FlowCookie,
    device: CallingDevice,
    code: Told = None,
    state: Told = None,
    iss: Told = None,
    error: Told = None,
) -> RedirectResponse:
    """Receive the browser from the provider, and send it to the page, with a code or a reason."""
    answer = Answer(state=state, code=code, iss=iss, error=error)
    return RedirectResponse(await flows.finish(name, cookie.read(request), answer, device), 303)


@router.post("/{name}/callback", status_code=303, response_class=RedirectResponse)
@public
async def return_from_provider_by_form(
    name: ProviderName, given: Annotated[FormAnswer, Form()], settings: AppSettings
) -> RedirectResponse:
    """Receive the browser from a provider that sends a form (Apple), and let it come again by GET.

    A form from another site comes without the cookie, which is `Lax`.
    """
    told = {key: value for key, value in given.model_dump().items() if value is not None}
    return RedirectResponse(f"{settings.issuer}/auth/providers/{name}/callback?{urlencode(told)}", 303)
