"""Public metadata of passkeys: for password managers, and for browsers on pages of related origins."""

from typing import Final

from fastapi import Response

from auth.deps import AppSettings
from auth.routers.well_known import CACHE
from auth.schemas.passkey import PasskeyEndpoints, RelatedOrigins
from auth.wiring.passkeys import KnownSite
from common.http.access import public
from common.http.routing import UnlimitedRoute, service_router

router = service_router("/.well-known", "metadata", UnlimitedRoute)

PAGE: Final = "/settings/passkeys"


@router.get("/passkey-endpoints")
@public
async def get_passkey_endpoints(settings: AppSettings, response: Response) -> PasskeyEndpoints:
    """Get the page on which people add and manage passkeys (W3C, passkey endpoints)."""
    response.headers["Cache-Control"] = CACHE
    page = f"{settings.app_url or settings.issuer}{PAGE}"
    return PasskeyEndpoints(enroll=page, manage=page)


@router.get("/webauthn")
@public
async def get_related_origins(site: KnownSite, response: Response) -> RelatedOrigins:
    """Get the origins whose pages may use the site's passkeys (Web Authentication, level 3, section 5.11)."""
    response.headers["Cache-Control"] = CACHE
    return RelatedOrigins(origins=list(site.origins))
