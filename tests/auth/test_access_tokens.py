"""Claims of access tokens, and the published keys and metadata."""

import json
import time
from base64 import urlsafe_b64decode
from hashlib import sha256
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from jose import jwt

from auth.config import Settings
from auth.services.api_keys.exchange import GRANT
from common.services import AUDIENCES
from tests.auth.conftest import Connection, SignedIn, SignIn, SignUp
from tests.mint import b64


def part(token: str, index: int) -> dict[str, Any]:
    text = token.split(".")[index]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


async def test_an_access_token_says_what_it_should_and_nothing_personal(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, settings: Settings
) -> None:
    """S-14"""
    person = await sign_up()
    token = (await sign_in(person)).json()["access_token"]
    jwks = (await client.get("/.well-known/jwks.json")).json()
    assert part(token, 0) == {"alg": "ES256", "typ": "at+jwt", "kid": jwks["keys"][0]["kid"]}
    claims = jwt.decode(token, jwks, algorithms=["ES256"], audience="users", issuer=settings.issuer)
    assert set(claims) == {
        "iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "client_id", "scope", "amr", "auth_time",
    }  # fmt: skip
    assert claims["aud"] == list(AUDIENCES)
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (str(person.id), "trivium", "api")
    assert UUID(claims["sid"]).version == 4
    assert claims["exp"] - claims["iat"] == 300
    assert claims["nbf"] == claims["iat"]
    assert claims["amr"] == ["pwd"]
    assert 0 <= claims["iat"] - claims["auth_time"] <= 1
    assert abs(claims["iat"] - time.time()) < 5
    assert len(claims["jti"]) >= 16
    assert len(token) <= 1536
    assert person.email not in json.dumps(claims)
    assert "Ada" not in json.dumps(claims)


async def test_every_token_has_an_id_of_its_own(sign_up: SignUp, sign_in: SignIn) -> None:
    person = await sign_up()
    tokens = [(await sign_in(person)).json()["access_token"] for _ in range(3)]
    assert len({part(token, 1)["jti"] for token in tokens}) == 3
    assert len({part(token, 1)["sid"] for token in tokens}) == 3


async def test_roles_are_in_the_token(sign_up: SignUp, sign_in: SignIn, superuser: Connection) -> None:
    person = await sign_up()
    await superuser.execute("UPDATE accounts SET roles = '{admin,moderator}' WHERE id = $1", person.id)
    assert part((await sign_in(person)).json()["access_token"], 1)["roles"] == ["admin", "moderator"]


async def test_a_token_is_never_issued_before_the_account_s_not_before(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person = await sign_up()
    earliest = int(time.time()) + 3
    await superuser.execute("UPDATE accounts SET tokens_not_before = $2 WHERE id = $1", person.id, earliest)
    token = (await sign_in(person)).json()["access_token"]
    assert part(token, 1)["iat"] == earliest
    assert (await client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200


async def test_only_public_keys_are_published(client: AsyncClient) -> None:
    """S-19"""
    reply = await client.get("/.well-known/jwks.json")
    keys = reply.json()["keys"]
    assert set(reply.json()) == {"keys"}
    assert "max-age=300" in reply.headers["cache-control"]
    assert len({key["kid"] for key in keys}) == len(keys) == 2, "one that signs, and the next one"
    for key in keys:
        assert set(key) == {"kty", "crv", "alg", "use", "kid", "x", "y"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        thumbprint = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        assert key["kid"] == b64(sha256(thumbprint.encode()).digest())  # RFC 7638


async def test_private_keys_are_encrypted_at_rest(superuser: Connection, client: AsyncClient) -> None:
    await client.get("/.well-known/jwks.json")
    stored = await superuser.fetchval("SELECT private_key FROM signing_keys WHERE state = 'active'")
    assert b"PRIVATE KEY" not in stored


async def test_the_metadata_names_the_issuer_of_tokens(
    client: AsyncClient, signed_in: SignedIn, settings: Settings
) -> None:
    """S-19, RFC 8414"""
    reply = await client.get("/.well-known/oauth-authorization-server")
    found = reply.json()
    assert "max-age=300" in reply.headers["cache-control"]
    assert found["issuer"] == settings.issuer == part((await signed_in())["access_token"], 1)["iss"]
    assert found["token_endpoint"] == f"{settings.issuer}/auth/token"
    assert found["revocation_endpoint"] == f"{settings.issuer}/auth/revoke"
    assert found["jwks_uri"] == f"{settings.issuer}/.well-known/jwks.json"
    assert set(found["grant_types_supported"]) == {"password", "refresh_token", "client_credentials", GRANT}


async def test_times_in_tokens_are_whole_seconds(client: AsyncClient, sign_up: SignUp, sign_in: SignIn) -> None:
    """RFC 7519 lets them have fractions, but joserfc refuses a fractional `iat` until its second is over."""
    claims = part((await sign_in(await sign_up())).json()["access_token"], 1)
    assert {name: type(claims[name]) for name in ("iat", "nbf", "exp")} == dict.fromkeys(("iat", "nbf", "exp"), int)
