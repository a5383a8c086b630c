"""Services: the client_credentials grant, and their internal routes."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

from auth.config import Settings
from common.tokens.replies import Http
from common.tokens.service_tokens import ServiceTokens
from tests.auth.conftest import ServiceSignIn, SignedIn, SignUp, bearer, client_of, running
from tests.auth.test_access_tokens import part
from tests.conftest import Log

GRANT = {"grant_type": "client_credentials", "audience": "auth"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}


async def test_a_service_signs_in_with_basic_or_form(client: AsyncClient, service_secrets: dict[str, str]) -> None:
    secret = service_secrets["svc:users"]
    ways: list[dict[str, dict[str, str]]] = [
        {"headers": basic("svc%3Ausers", quote(secret, safe="")), "data": GRANT},
        {"headers": basic("svc%3ausers", secret), "data": GRANT},
        {"headers": basic("", ""), "data": {**GRANT, "client_id": "svc:users", "client_secret": secret}},
        {"headers": {}, "data": {**GRANT, "client_id": "svc:users", "client_secret": secret, "unknown": "1"}},
    ]
    for way in ways:
        reply = await client.post("/auth/token", headers=way["headers"], data=way["data"])
        assert reply.status_code == 200, reply.text
        assert set(reply.json()) == {"access_token", "token_type", "expires_in", "scope"}
        assert (reply.json()["scope"], reply.json()["expires_in"]) == ("internal", 300)


async def test_a_service_s_token_is_for_one_service_and_no_person(
    service_token: ServiceSignIn, settings: Settings
) -> None:
    """S-28, S-29"""
    claims = part(await service_token("svc:users", "users"), 1)
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("svc:users", "svc:users", "internal")
    assert claims["aud"] == ["users"]
    assert claims["iss"] == settings.issuer
    assert claims.keys().isdisjoint({"roles", "sid"})
    assert claims["exp"] - claims["iat"] <= 300


async def test_our_own_service_client_gets_its_token(app: FastAPI, service_secrets: dict[str, str]) -> None:
    secret = SecretStr(service_secrets["svc:users"])
    tokens = ServiceTokens(Http(ASGITransport(app)), "http://auth.test", "svc:users", secret)
    assert part(await tokens.token_for("users"), 1)["sub"] == "svc:users"


WRONG: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "nothing": ({}, {}),
    "empty basic": (basic("", ""), {}),
    "wrong secret": (basic("svc%3Ausers", "x" * 43), {}),
    "empty secret": (basic("svc%3Ausers", ""), {}),
    "unknown client": (basic("svc%3Anobody", "x" * 43), {}),
    "unencoded colon": (basic("svc:users", "x" * 43), {}),
    "NUL in the name": (basic("svc%3Ausers%00", "x" * 43), {}),
    "only NUL": (basic("%00", "%00"), {}),
    "no UTF-8": ({"Authorization": "Basic " + b64encode(b"\xff\xfe:x").decode()}, {}),
    "no base64": ({"Authorization": "Basic %%%"}, {}),
    "base64 of nothing": ({"Authorization": "Basic"}, {}),
    "bearer": ({"Authorization": "Bearer x"}, {}),
    "form, wrong secret": ({}, {"client_id": "svc:users", "client_secret": "x" * 43}),
    "form, no secret": ({}, {"client_id": "svc:users"}),
    "form, no name": ({}, {"client_secret": "x" * 43}),
    "form, a person": ({}, {"client_id": "1", "client_secret": "x" * 43}),
}


@pytest.mark.parametrize(("headers", "form"), WRONG.values(), ids=list(WRONG))
async def test_a_wrong_client_is_a_401_that_asks_for_basic(
    client: AsyncClient, service_secrets: dict[str, str], headers: dict[str, str], form: dict[str, str]
) -> None:
    reply = await client.post("/auth/token", headers=headers, data={**GRANT, **form})
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client"), reply.text
    assert reply.json()["code"] == "invalid-client"
    assert reply.headers["www-authenticate"].startswith("Basic realm=")


async def test_a_basic_header_that_is_not_ascii_is_a_wrong_client(client: AsyncClient) -> None:
    reply = await client.post("/auth/token", headers=[(b"Authorization", b"Basic \xe9\xff")], data=GRANT)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("audience", [None, "", "nobody", "auth users", "AUTH", "svc:users"])
async def test_an_audience_is_needed(
    client: AsyncClient, service_secrets: dict[str, str], audience: str | None
) -> None:
    form = {"grant_type": "client_credentials"} | ({} if audience is None else {"audience": audience})
    reply = await client.post("/auth/token", data=form, headers=basic("svc%3Ausers", service_secrets["svc:users"]))
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_users_alone_may_look_an_account_up(
    client: AsyncClient, sign_up: SignUp, signed_in: SignedIn, service_token: ServiceSignIn
) -> None:
    """S-28"""
    person = await sign_up()
    path = f"/internal/accounts/{person.id}"
    reply = await client.get(path, headers=bearer(await service_token("svc:users")))
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert (told["type"], told["subject"], told["version"]) == ("account", f"account:{person.id}", 1)
    assert told["data"] == {"email": person.email, "name": "Ada", "username": None, "roles": [], "status": "active"}
    refused: list[tuple[dict[str, str], int, str]] = [
        ({}, 401, "sign-in-required"),
        (bearer((await signed_in())["access_token"]), 403, "not-for-this-caller"),
        (bearer(await service_token("svc:posts")), 403, "not-for-this-caller"),  # only with posts
        (bearer(await service_token("svc:users", "users")), 401, "invalid-token"),
    ]
    for headers, status, code in refused:
        reply = await client.get(path, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert person.email not in reply.text


async def test_a_service_is_nobody_on_a_route_for_people(client: AsyncClient, service_token: ServiceSignIn) -> None:
    """S-29"""
    reply = await client.get("/auth/me", headers=bearer(await service_token("svc:users")))
    assert (reply.status_code, reply.json()["code"]) == (403, "not-for-this-caller")


async def test_a_refused_service_is_in_the_log_and_what_is_no_service_is_not(settings: Settings, log: Log) -> None:
    """S-46: a secret may be in the wrong field."""
    canaries = ["svc:users", "s3cret-canary", "svc:users\x1b[31m", "svc:" + "x" * 21]
    async with running(settings) as app, client_of(app) as client:
        log()
        for canary in canaries:
            form = {**GRANT, "client_id": canary, "client_secret": "s3cret-canary"}
            assert (await client.post("/auth/token", data=form)).status_code == 401
        lines = [line for line in log() if line["event"] != "request"]
    assert [(line["event"], line["client"]) for line in lines] == [
        ("service sign-in refused", client) for client in ("svc:users", None, None, None)
    ]
    assert "canary" not in str(lines)
