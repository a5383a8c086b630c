"""Wires signing in by a provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response

from auth.clients.providers.calls import ProviderCalls, breaker_of
from auth.clients.providers.github import GitHub
from auth.clients.providers.openid import OpenIDProvider
from auth.config import Settings
from auth.services.addresses.policy import AddressPolicy
from auth.services.ports import UnitOfWork
from auth.services.providers.arrivals import Arrivals
from auth.services.providers.flows import ProviderFlows
from auth.services.providers.identities import Identities
from auth.services.providers.ports import Provider
from auth.services.providers.settings import ProviderSettings
from auth.services.sessions.opening import SessionOpener
from common.db.database import TransactionFactory
from common.http.deps import FromState
from common.serving.service import Opened

LASTS: Final = 600
"""Seconds, as a flow."""


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """The cookie that ties a flow to its browser. With https no other host can set it (`__Host-`)."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-provider-flow" if self.secure else "provider-flow"

    def read(self, request: Request) -> str | None:
        return request.cookies.get(self.name)

    def write(self, response: Response, secret: str) -> None:
        """`Lax`, since the browser comes back from another site."""
        response.set_cookie(
            self.name, secret, max_age=LASTS, path="/", secure=self.secure, httponly=True, samesite="lax"
        )


def providers(opened: Opened[Settings]) -> Mapping[str, Provider]:
    return {one.name: provider(opened, one) for one in opened.settings.providers}


def provider(opened: Opened[Settings], settings: ProviderSettings) -> Provider:
    calls = ProviderCalls(opened.http, breaker_of(settings.name))
    if settings.preset == "github":
        return GitHub(settings, calls)
    return OpenIDProvider(settings, calls, opened.revoked.clock.now)


def provider_parts(
    opened: Opened[Settings],
    transactions: TransactionFactory[UnitOfWork],
    sessions: SessionOpener,
    addresses: AddressPolicy,
) -> Mapping[str, object]:
    """Parts of `app.state`."""
    settings, known = opened.settings, providers(opened)
    identities = Identities(transactions, known.keys())
    arrivals = Arrivals(transactions, addresses, sessions)
    flows = ProviderFlows(transactions, known, settings.issuer, settings.returns, arrivals, identities)
    return {
        "provider_flows": flows,
        "provider_arrivals": arrivals,
        "identities": identities,
        "browser_cookie": BrowserCookie(settings.issuer.startswith("https://")),
    }


Flows = Annotated[ProviderFlows, Depends(FromState("provider_flows"))]
ProviderArrivals = Annotated[Arrivals, Depends(FromState("provider_arrivals"))]
OwnIdentities = Annotated[Identities, Depends(FromState("identities"))]
FlowCookie = Annotated[BrowserCookie, Depends(FromState("browser_cookie"))]
