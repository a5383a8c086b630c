"""Well-known libraries work with auth without settings, subclasses or workarounds."""

import secrets

import httpx2
import jwt as pyjwt
import pytest
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.rfc6750 import InsufficientScopeError  # type: ignore[import-untyped]
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata  # type: ignore[import-untyped]
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator  # type: ignore[import-untyped]
from fastapi import FastAPI
from httpx import AsyncClient
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from auth.config import Settings
from auth.services.api_keys.exchange import ACCESS_TOKEN, API_KEY, GRANT
from tests.auth.api_keys import new_key
from tests.auth.conftest import Join, SignedIn, SignUp, client_of, running

TOKEN, REVOKE = "http://auth.test/auth/token", "http://auth.test/auth/revoke"


def oauth_client(app: FastAPI, **options: str) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(transport=httpx2.ASGITransport(app), **options)


async def rfc_9068_validator(client: AsyncClient, settings: Settings) -> JWTBearerTokenValidator:
    """Authlib's, for tokens at users."""
    keys = joserfc_jwk.KeySet.import_key_set((await client.get("/.well-known/jwks.json")).json())

    class Validator(JWTBearerTokenValidator):  # type: ignore[misc]
        def get_jwks(self) -> object:
            return keys

    return Validator(settings.issuer, "users")


async def test_authlib_signs_people_in_keeps_them_signed_in_and_signs_them_out(app: FastAPI, sign_up: SignUp) -> None:
    """RFC 6749, sections 4.3 and 6; RFC 7009."""
    person = await sign_up()
    async with oauth_client(app, token_endpoint=TOKEN, scope="api") as client:
        first = await client.fetch_token(TOKEN, username=person.email, password=person.password, grant_type="password")
        me = await client.get("http://auth.test/auth/me")
        assert (me.status_code, me.json()["id"]) == (200, person.id)
        second = await client.refresh_token(TOKEN, refresh_token=first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        assert (await client.get("http://auth.test/auth/me")).status_code == 200
        revoked = await client.revoke_token(REVOKE, token=second["refresh_token"], token_type_hint="refresh_token")
        assert revoked.status_code == 200
        with pytest.raises(OAuthError) as refused:
            await client.refresh_token(TOKEN, refresh_token=second["refresh_token"])
        assert refused.value.error == "invalid_grant"


async def test_authlib_renews_an_expired_token_by_itself(app: FastAPI, sign_up: SignUp) -> None:
    person = await sign_up()
    async with oauth_client(app, token_endpoint=TOKEN) as client:
        first = await client.fetch_token(TOKEN, username=person.email, password=person.password)
        client.token = {**first, "expires_at": 1}
        assert (await client.get("http://auth.test/auth/me")).status_code == 200
        assert client.token["access_token"] != first["access_token"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_authlib_signs_services_in(app: FastAPI, service_secrets: dict[str, str], method: str) -> None:
    """RFC 6749, section 4.4."""
    known = {"client_id": "svc:users", "client_secret": service_secrets["svc:users"]}
    async with oauth_client(app, **known, token_endpoint_auth_method=method) as client:
        token = await client.fetch_token(TOKEN, grant_type="client_credentials", audience="users")
        assert (token["token_type"], token["scope"]) == ("bearer", "internal")
    async with oauth_client(app, client_id="svc:users", client_secret=secrets.token_urlsafe(32)) as stranger:
        with pytest.raises(OAuthError) as refused:
            await stranger.fetch_token(TOKEN, grant_type="client_credentials", audience="users")
        assert refused.value.error == "invalid_client"


async def test_authlib_exchanges_an_api_key(app: FastAPI, client: AsyncClient, join: Join, settings: Settings) -> None:
    """RFC 8693; its validator of RFC 9068 tells the scopes apart."""
    made = await new_key(client, await join(), "auth:read", "users:read")
    subject = {"subject_token": made["key"], "subject_token_type": API_KEY}
    async with oauth_client(app, token_endpoint=TOKEN) as program:
        token = await program.fetch_token(TOKEN, grant_type=GRANT, scope="auth:read users:read", **subject)
        assert (token["issued_token_type"], "refresh_token" in token) == (ACCESS_TOKEN, False)
        assert (await program.get("http://auth.test/auth/me")).status_code == 200
        for changes, error in (({"audience": "nowhere"}, "invalid_target"), ({"scope": "api"}, "invalid_scope")):
            with pytest.raises(OAuthError) as refused:
                await program.fetch_token(TOKEN, grant_type=GRANT, **subject, **changes)
            assert refused.value.error == error
    validator = await rfc_9068_validator(client, settings)
    read = validator.authenticate_token(token["access_token"])
    validator.validate_token(read, ["users:read"], None)
    with pytest.raises(InsufficientScopeError):
        validator.validate_token(read, ["users:write"], None)


async def test_authlib_tells_a_dead_token_from_a_limit(settings: Settings, app: FastAPI) -> None:
    """RFC 6749, section 5.2: by `error`, which clients read only in `application/json`."""
    async with oauth_client(app, token_endpoint=TOKEN) as client:
        with pytest.raises(OAuthError) as dead:
            await client.refresh_token(TOKEN, refresh_token="rt1.dead")
        assert dead.value.error == "invalid_grant"
    limits = settings.model_copy(update={"rate_limits": True, "rate_limit_refresh": 1})
    async with running(limits) as limited, oauth_client(limited, token_endpoint=TOKEN) as client:
        for error in ("invalid_grant", "temporarily_unavailable"):
            with pytest.raises(OAuthError) as refused:
                await client.refresh_token(TOKEN, refresh_token="rt1.dead")
            assert refused.value.error == error


async def test_authlib_finds_no_fault_with_the_metadata(settings: Settings) -> None:
    """RFC 8414"""
    async with running(settings.model_copy(update={"issuer": "https://auth.example"})) as app, client_of(app) as client:
        metadata = AuthorizationServerMetadata((await client.get("/.well-known/oauth-authorization-server")).json())
    metadata.validate()
    assert metadata.revocation_endpoint_auth_methods_supported == ["none"]


async def test_authlib_finds_no_fault_with_tokens(client: AsyncClient, signed_in: SignedIn, settings: Settings) -> None:
    """RFC 9068: it refuses empty lists among the claims."""
    validator = await rfc_9068_validator(client, settings)
    token = validator.authenticate_token((await signed_in())["access_token"])
    validator.validate_token(token, ["api"], None)
    assert "roles" not in token


async def test_pyjwt_verifies_tokens_by_the_published_keys(
    client: AsyncClient, signed_in: SignedIn, settings: Settings
) -> None:
    token = (await signed_in())["access_token"]
    keys = pyjwt.PyJWKSet.from_dict((await client.get("/.well-known/jwks.json")).json())
    key = keys[pyjwt.get_unverified_header(token)["kid"]]
    claims = pyjwt.decode(token, key, algorithms=["ES256"], audience="users", issuer=settings.issuer)
    assert claims["scope"] == "api"
    with pytest.raises(pyjwt.InvalidAudienceError):
        pyjwt.decode(token, key, algorithms=["ES256"], audience="elsewhere", issuer=settings.issuer)


async def test_joserfc_verifies_tokens_by_the_published_keys(
    client: AsyncClient, signed_in: SignedIn, settings: Settings
) -> None:
    """RFC 9068, section 4: `typ`, issuer, audience and times."""
    token = (await signed_in())["access_token"]
    keys = joserfc_jwk.KeySet.import_key_set((await client.get("/.well-known/jwks.json")).json())
    read = joserfc_jwt.decode(token, keys, algorithms=["ES256"])
    assert read.header["typ"] == "at+jwt"
    joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings.issuer}, aud={"essential": True, "value": "users"}
    ).validate(read.claims)
