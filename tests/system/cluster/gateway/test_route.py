"""The HTTPRoute of `overlays/production` through a real proxy: paths, headers, addresses, sizes, times, restarts."""

import asyncio
import re
import secrets
from collections import Counter
from ipaddress import ip_address
from typing import Any

import pytest
from httpx import AsyncClient

from deploy.kubernetes.routes import table
from deploy.services import STARTED
from tests.deploy.test_gateway_route import METHODS
from tests.system.cluster.conftest import Cluster, note, under_load
from tests.system.cluster.gateway.conftest import addresses
from tests.system.conftest import Meet
from tests.system.verdict import items

pytestmark = pytest.mark.cluster
FORGED = "198.51.100.7"
REMOVED = {"Forwarded": f"for={FORGED}", "X-Real-IP": FORGED, "X-Deadline-Ms": "1"}
SLOW = 20
"""Seconds. An export may take minutes."""
LARGE = 10 * 1024 * 1024


async def received(client: AsyncClient, path: str, **request: Any) -> dict[str, Any]:
    """The request as the service gets it."""
    answer = await client.post(path, **request)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def values(said: dict[str, Any], name: str) -> list[str]:
    return [value for key, value in said["headers"] if key.lower() == name.lower()]


@pytest.mark.parametrize("method", METHODS)
async def test_every_path_leads_to_its_service(echoes: AsyncClient, method: str) -> None:
    found: dict[str, object] = {}
    for path in table():
        answer = await echoes.request(method, path)
        found[path] = {200: answer.headers.get("X-Service"), 404: None}.get(answer.status_code, answer.status_code)
    assert found == table()


async def test_a_path_reaches_its_service_unchanged(echoes: AsyncClient) -> None:
    for path in ("/posts/7/a%2Fb", "/posts?q=a%20b%2Fc", "/users/%C3%A4"):
        assert (await received(echoes, path))["path"] == path


async def test_headers_that_only_our_proxies_may_set_do_not_arrive(echoes: AsyncClient) -> None:
    said = await received(echoes, "/posts", headers=REMOVED)
    assert {name: values(said, name) for name in REMOVED} == {name: [] for name in REMOVED}


async def test_a_clients_request_id_arrives(echoes: AsyncClient) -> None:
    said = await received(echoes, "/posts", headers={"X-Request-ID": "of-a-client"})
    assert values(said, "X-Request-ID") == ["of-a-client"]


async def test_only_the_peers_address_arrives(echoes: AsyncClient) -> None:
    """If the client's own were kept, and the peer were a node with an address of the pods' network, it would count."""
    (plain,) = values(await received(echoes, "/posts"), "X-Forwarded-For")
    ip_address(plain)
    for forged in (FORGED, f"{FORGED}, {plain}", "x"):
        said = await received(echoes, "/posts", headers={"X-Forwarded-For": forged})
        assert values(said, "X-Forwarded-For") == [plain]


async def test_a_header_with_an_underscore_does_not_arrive(echoes: AsyncClient) -> None:
    assert values(await received(echoes, "/posts", headers={"X_Real_IP": FORGED}), "X_Real_IP") == []


async def test_a_slow_answer_arrives(echoes: AsyncClient) -> None:
    assert (await received(echoes, "/users/me/export", headers={"X-Sleep": str(SLOW)}))["bytes"] == 0


async def test_a_large_body_arrives(echoes: AsyncClient) -> None:
    """As large as a picture; the services have their own limits."""
    assert (await received(echoes, "/posts", content=bytes(LARGE)))["bytes"] == LARGE


async def test_people_sign_up_and_post(gateway: AsyncClient, meet: Meet) -> None:
    ada, grace = await meet("Ada"), await meet("Grace")
    post = await gateway.post("/posts", json={"title": "First light", "body": "b"}, headers=ada.headers)
    assert post.status_code == 201, post.text
    path = f"/posts/{post.json()['id']}"
    comment = await gateway.post(f"{path}/comments", json={"body": "Clear!"}, headers=grace.headers)
    assert comment.status_code == 201, comment.text
    assert [one["body"] async for one in items(gateway, f"{path}/comments", {})] == ["Clear!"]
    assert (await gateway.get("/users/me", headers=ada.headers)).json()["email"] == ada.email
    assert (await gateway.get("/.well-known/jwks.json")).status_code == 200
    assert (await gateway.get("/internal/events", headers=ada.headers)).status_code == 404


async def test_a_forged_address_is_neither_noted_nor_counted(behind: Cluster, gateway: AsyncClient, meet: Meet) -> None:
    """S-13. Each of two replicas counts for itself, so what remains is never told more than twice."""
    remaining = []
    for number in range(6):
        new = {"email": f"{secrets.token_hex(8)}@example.com", "password": secrets.token_urlsafe(16), "name": "Ada"}
        forged = {"X-Forwarded-For": f"198.51.100.{number}"}
        told = (await gateway.post("/auth/register", json=new, headers=forged)).headers["RateLimit"]
        remaining += re.findall(r'"registration";r=(\d+)', told)
    assert len(remaining) == 6
    assert max(Counter(remaining).values()) <= 2
    gateway.headers["X-Forwarded-For"] = FORGED
    ada = await meet("Ada")
    del gateway.headers["X-Forwarded-For"]
    kept = (await gateway.get("/users/me/export", headers=ada.headers)).json()["auth"]
    (noted,) = {session["ip"] for session in kept["sessions"]}
    note(what="the client's address, as noted", noted=noted)
    assert noted not in {FORGED, *addresses(behind)}


@pytest.mark.parametrize("service", STARTED)
async def test_a_restart_of_a_service_fails_no_request(
    behind: Cluster, gateway: AsyncClient, meet: Meet, service: str
) -> None:
    async with under_load(behind, gateway, meet, f"{service} restarted behind the Gateway") as load:
        await asyncio.to_thread(behind.kubectl, "rollout", "restart", f"deployment/{service}-api")
        await asyncio.to_thread(behind.settle)
    assert load.failed == []
