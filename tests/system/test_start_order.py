"""R-22: the services start in any order, the database late, peers absent. `make test-start-order` tries all six orders.

With real processes. They wait without crashes, stay alive, and are ready soon after their dependencies.
"""

import asyncio
import itertools
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from httpx import AsyncClient, ConnectError

from deploy.local.ports import free_port
from deploy.services import STARTED
from tests.conftest import Cloner
from tests.database import database_at

ALL_ORDERS = list(itertools.permutations(STARTED))
ORDERS = ALL_ORDERS if os.environ.get("START_ORDERS") == "all" else [ALL_ORDERS[-1]]  # posts, users, auth
READY_WITHIN = 10.0
STARTED_WITHIN = 30.0
"""Starting Python is slow beside other tests."""


@dataclass(frozen=True)
class Service:
    """One of the three services, as a process."""

    name: str
    process: subprocess.Popen[bytes]
    client: AsyncClient

    async def status(self, path: str) -> int:
        """0 while nobody listens."""
        assert self.process.poll() is None, f"{self.name} ended"
        try:
            return (await self.client.get(path)).status_code
        except ConnectError:
            return 0

    async def until(self, path: str, wanted: int, seconds: float = READY_WITHIN) -> None:
        """Repeat until the answer is the wanted one."""
        ends_at = time.monotonic() + seconds
        while (status := await self.status(path)) != wanted:
            assert status in (0, 200, 503)
            assert time.monotonic() < ends_at, f"{self.name}{path} answers {status}"
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        await self.client.aclose()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            assert await asyncio.to_thread(self.process.wait, 25) == 0
        finally:
            self.process.kill()


def start(name: str, ports: Mapping[str, int], settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    secret = {key: secrets.token_urlsafe(32) for key in ("CLIENT_SECRET", "KEY_ENCRYPTION_KEY", "REFRESH_KEY")}
    peers = {f"{other.upper()}_URL": f"http://127.0.0.1:{port}" for other, port in ports.items()}
    peers["JWKS_URL"] = peers["AUTH_URL"] + "/.well-known/jwks.json"
    return subprocess.Popen(
        [sys.executable, "-m", name, "serve", "--port", str(ports[name])],
        env={**os.environ, **secret, **peers, **{key.upper(): value for key, value in settings.items()}},
        stdout=subprocess.DEVNULL,
    )


@pytest.mark.faults
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
async def test_services_start_in_any_order_before_their_database(database_of: Cloner, order: tuple[str, ...]) -> None:
    ports = {name: free_port() for name in STARTED}
    database = free_port()
    started: dict[str, Service] = {}
    try:
        for name in order:
            settings = await database_of(name)
            real = settings["database_url"]
            late = {**settings, "database_url": real.replace(str(urlsplit(real).port), str(database)), "drain": "PT0S"}
            client = AsyncClient(base_url=f"http://127.0.0.1:{ports[name]}", trust_env=False, timeout=5)
            started[name] = Service(name, start(name, ports, late), client)
            await started[name].until("/livez", 200, STARTED_WITHIN)
            assert await started[name].status("/readyz") == 503
        await asyncio.sleep(1)
        async with database_at(database, real):
            for name in STARTED:
                await started[name].until("/readyz", 200)
            await started["posts"].stop()  # only with posts
            await started["auth"].stop()
            assert await started["users"].status("/readyz") == 200  # never calls a peer
        await started["users"].until("/readyz", 503)
        assert await started["users"].status("/livez") == 200
    finally:
        for service in started.values():
            await service.stop()
