# file: only with posts
"""A stack that is started again with other settings: its data are there, and it is behind a proxy, such as a CDN."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient, AsyncHTTPTransport

from deploy.local.binaries import caddy
from deploy.local.ports import free_port
from tests.system.conftest import LocalStack, Meet, sign_up
from tests.waiting import GENEROUS, until_open

pytestmark = pytest.mark.stack
PROXY, ADA, GRACE = "127.0.0.9", "127.0.0.5", "127.0.0.6"
SETTINGS = {"EDGE_PROXIES": f"{PROXY} 2001:db8::/32", "RATE_LIMITS": "true", "RATE_LIMIT_REGISTRATION": "2"}
# Like many proxies, it passes on clients' own X-Forwarded-For, with their address appended.
IN_FRONT = """
{{
	admin off
	persist_config off
	default_bind 127.0.0.1
	servers {{
		trusted_proxies static 127.0.0.0/8
	}}
}}
http://:{port} {{
	reverse_proxy {gateway} {{
		transport http {{
			local_address {address}
		}}
	}}
}}
"""


def restart(stack: LocalStack) -> None:
    """Stop it, and start it behind the proxy."""
    assert stack.run("stop").returncode == 0
    assert stack.pids() == {}
    stack.environment |= SETTINGS
    started = stack.run("start")
    assert started.returncode == 0, started.stdout + started.stderr


@pytest.fixture(scope="module")
def stack(local_stack: LocalStack) -> LocalStack:
    if not local_stack.environment:  # this test runs alone
        restart(local_stack)
    return local_stack


@pytest.fixture(scope="module")
def front(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Caddy in front of the gateway."""
    folder, port = tmp_path_factory.mktemp("front"), free_port()
    (folder / "Caddyfile").write_text(IN_FRONT.format(port=port, gateway=f"127.0.0.1:{stack.base}", address=PROXY))
    command = [str(caddy()), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    places = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log").open("wb") as out, subprocess.Popen(command, env=places, stdout=out, stderr=out) as running:
        address = f"http://127.0.0.1:{port}"
        until_open(port)
        yield address
        running.terminate()


def coming_from(address: str, base: str) -> AsyncClient:
    return AsyncClient(base_url=base, transport=AsyncHTTPTransport(local_address=address), timeout=GENEROUS)


async def register(client: AsyncClient, number: int, **headers: str) -> int:
    new = {"email": f"person{number}@example.com", "password": "a long enough passphrase", "name": "Ada"}
    return (await client.post("/auth/register", json=new, headers=headers)).status_code


async def test_a_second_start_finds_the_data(local_stack: LocalStack, gateway: AsyncClient, meet: Meet) -> None:
    ada = await meet("Ada")
    post = (await gateway.post("/posts", json={"title": "t", "body": "b"}, headers=ada.headers)).json()
    restart(local_stack)
    assert (await gateway.get(f"/posts/{post['id']}")).json()["title"] == "t"
    assert (await gateway.get("/users/me", headers=ada.headers)).json()["email"] == ada.email
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    assert (await gateway.post("/auth/token", data=form)).status_code == 200


async def test_the_client_and_not_the_proxy_is_counted_and_noted(stack: LocalStack, front: str) -> None:
    """S-13: rate limits and audit trail use the client's address, whatever headers it sends."""
    async with (
        coming_from(GRACE, front) as grace,
        coming_from(ADA, front) as ada,
        coming_from(ADA, stack.url) as direct,
    ):
        person = await sign_up(grace, "Grace")
        spoofs = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(3)]
        assert [await register(ada, number, **spoof) for number, spoof in enumerate(spoofs)] == [201, 201, 429]
        assert await register(direct, 7, **{"X-Forwarded-For": GRACE}) == 429
        assert await register(direct, 8, **{"X-Forwarded-For": f"{GRACE}, {PROXY}"}) == 429
        assert await register(grace, 9) == 201
        kept: Any = (await grace.get("/users/me/export", headers=person.headers)).json()["auth"]
    assert {session["ip"] for session in kept["sessions"]} == {GRACE}
    assert {event["ip"] for event in kept["history"] if event["ip"]} == {GRACE}
