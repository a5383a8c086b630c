"""Rate limits by source and by person (S-12)."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from deploy.local.ports import free_port
from tests.auth.conftest import PASSWORD, bearer, client_of, new_email, refresh, running
from tests.store import running_store


@pytest.fixture(scope="module", params=["process", "store"])
def counted_in(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Settings that say where requests are counted."""
    with ExitStack() as stack:
        yield {} if request.param == "process" else stack.enter_context(running_store()).settings


@pytest.fixture(scope="module")
async def strict(settings: Settings, counted_in: dict[str, Any]) -> AsyncIterator[FastAPI]:
    """auth with rate limits, two of them lower for speed, behind a proxy that may set the client's address."""
    lower = {"rate_limit_general": 90, "rate_limit_refresh": 40}
    changes = {"rate_limits": True, "trusted_proxies": [ip_network("127.0.0.1")], **lower, **counted_in}
    async with running(Settings.model_validate({**settings.model_dump(), **changes})) as app:
        yield app


def source(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def person() -> dict[str, str]:
    return {"email": new_email(), "password": PASSWORD, "name": "Ada"}


def test_the_defaults_are_those_of_the_standard(settings: Settings) -> None:
    assert (settings.rate_limit_general, settings.rate_limit_refresh) == (300, 150)
    assert (settings.rate_limit_sign_in, settings.rate_limit_registration) == (30, 10)


async def test_ten_sign_ups_an_hour_from_one_source(strict: FastAPI) -> None:
    async with client_of(strict) as client:
        replies = [await client.post("/auth/register", json=person(), headers=source("192.0.2.1")) for _ in range(11)]
        elsewhere = await client.post("/auth/register", json=person(), headers=source("192.0.2.2"))
    assert [reply.status_code for reply in replies] == [201] * 10 + [429]
    assert elsewhere.status_code == 201
    first, last = replies[0].headers, replies[10].headers
    assert first["ratelimit-policy"] == '"general";q=90;w=60, "registration";q=10;w=3600'
    assert first["ratelimit"] == '"general";r=89;t=60, "registration";r=9;t=3600'
    assert (replies[10].json()["code"], int(last["retry-after"]) > 3500) == ("rate-limited", True)
    assert '"registration";r=0;' in last["ratelimit"]


async def test_the_addresses_of_one_ipv6_network_are_one_source(strict: FastAPI) -> None:
    async with client_of(strict) as client:
        addresses = [source(f"2001:db8:0:1:{n:x}::1") for n in range(11)]
        replies = [await client.post("/auth/register", json=person(), headers=address) for address in addresses]
        other = await client.post("/auth/register", json=person(), headers=source("2001:db8:0:2::1"))
    assert [reply.status_code for reply in replies] == [201] * 10 + [429]
    assert other.status_code == 201


async def test_thirty_sign_ins_a_minute_and_refreshes_apart_from_them(strict: FastAPI) -> None:
    async with client_of(strict) as client:
        client.headers.update(source("192.0.2.3"))
        ada = person()
        await client.post("/auth/register", json=ada)
        form = {"username": ada["email"], "password": PASSWORD}
        signed_in = (await client.post("/auth/token", data=form)).json()
        wrong = [{"username": new_email(), "password": "x"} for _ in range(30)]  # one address alone is throttled
        replies = [await client.post("/auth/token", data=form) for form in wrong]
        assert [reply.status_code for reply in replies] == [400] * 29 + [429]
        assert (await refresh(client, signed_in["refresh_token"])).status_code == 200
        spent = [await refresh(client, "rt1.garbage") for _ in range(40)]
        assert [reply.status_code for reply in spent] == [400] * 39 + [429]


async def test_a_person_is_counted_wherever_they_are_and_strangers_by_their_address(strict: FastAPI) -> None:
    async with client_of(strict) as client:
        ada = person()
        await client.post("/auth/register", json=ada, headers=source("192.0.2.4"))
        form = {"username": ada["email"], "password": PASSWORD}
        reply = await client.post("/auth/token", data=form, headers=source("192.0.2.4"))
        token = bearer(reply.json()["access_token"])
        replies = [await client.get("/auth/me", headers=token | source(f"192.0.2.{5 + n % 100}")) for n in range(91)]
        assert [reply.status_code for reply in replies] == [200] * 90 + [429]
        assert replies[89].headers["ratelimit"].startswith('"general";r=0;t=')

        forged = bearer("x.y.z") | source("192.0.2.200")
        guesses = [await client.get("/auth/me", headers=forged) for _ in range(91)]
        assert [reply.status_code for reply in guesses] == [401] * 90 + [429]
        assert (await client.get("/auth/me", headers=source("192.0.2.5"))).status_code == 401


async def test_the_keys_and_the_probes_are_never_refused(strict: FastAPI) -> None:
    async with client_of(strict) as client:
        for path in ("/.well-known/jwks.json", "/livez"):
            replies = [await client.get(path, headers=source("192.0.2.201")) for _ in range(95)]
            assert {reply.status_code for reply in replies} == {200}
            assert "ratelimit" not in replies[0].headers


async def test_a_process_is_ready_and_counts_by_itself_without_its_store(settings: Settings) -> None:
    nowhere = {"rate_limits": True, "rate_limit_store": f"valkey://127.0.0.1:{free_port()}"}
    async with running(settings.model_copy(update=nowhere)) as app, client_of(app) as client:
        replies = [await client.post("/auth/register", json=person()) for _ in range(11)]
        ready = await client.get("/readyz")
    assert [reply.status_code for reply in replies] == [201] * 10 + [429]
    assert ready.status_code == 200, ready.text


async def test_locally_nothing_is_counted(client: AsyncClient) -> None:
    reply = await client.post("/auth/register", json=person())
    assert (reply.status_code, "ratelimit" in reply.headers) == (201, False)
