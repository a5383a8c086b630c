"""A proxy in front of the gateway, such as a CDN: rate limits and audit trail use the client's address (S-13)."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient, AsyncHTTPTransport

from deploy.local.binaries import caddy
from deploy.local.ports import free_port
from tests.system.conftest import LocalStack, sign_up
from tests.waiting import GENEROUS, until_open

PROXY, ADA, GRACE = "127.0.0.9", "127.0.0.5", "127.0.0.6"
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


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    settings = {"EDGE_PROXIES": f"{PROXY} 2001:db8::/32", "RATE_LIMITS": "true", "RATE_LIMIT_REGISTRATION": "2"}
    running = LocalStack(tmp_path_factory.mktemp("behind"), environment={**settings, "REPLICAS_POSTS": "1"})
    started = running.run("start")
    assert started.returncode == 0, started.stdout + started.stderr
    yield running
    stopped = running.run("reset")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


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


async def test_the_client_and_not_the_proxy_is_counted_and_noted(stack: LocalStack, front: str) -> None:
    """Whatever header a client sends, and also if it bypasses the proxy."""
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
