"""Public metadata: the keys of access tokens, and the endpoints' addresses."""

from fastapi import Response

from auth.deps import AppSettings, SigningKeys
from auth.schemas.token import ServerMetadata
from auth.services.api_keys.exchange import GRANT
from common.http.access import public
from common.http.routing import UnlimitedRoute, service_router
from common.tokens.claims import MULTI_FACTOR
from common.tokens.known_keys import KeySet
from common.tokens.scopes import SCOPES

router = service_router("/.well-known", "metadata", UnlimitedRoute)

CACHE = "public, max-age=300"


@router.get("/jwks.json")
@public
async def get_jwks(keys: SigningKeys, response: Response) -> KeySet:
    """Get the public keys of access tokens (RFC 7517)."""
    response.headers["Cache-Control"] = CACHE
    return KeySet(keys=keys.published())


@router.get("/oauth-authorization-server")
@public
async def get_metadata(settings: AppSettings, response: Response) -> ServerMetadata:
    """Get the addresses of the OAuth endpoints (RFC 8414)."""
    response.headers["Cache-Control"] = CACHE
    return ServerMetadata(
        issuer=settings.issuer,
        token_endpoint=f"{settings.issuer}/auth/token",
        revocation_endpoint=f"{settings.issuer}/auth/revoke",
        jwks_uri=f"{settings.issuer}/.well-known/jwks.json",
        grant_types_supported=["password", "refresh_token", "client_credentials", GRANT],
        token_endpoint_auth_methods_supported=["none", "client_secret_basic", "client_secret_post"],
        revocation_endpoint_auth_methods_supported=["none"],
        response_types_supported=["none"],  # required, and never empty (RFC 8414, sections 2 and 3.2)
        scopes_supported=list(SCOPES),
        acr_values_supported=[MULTI_FACTOR],
    )
