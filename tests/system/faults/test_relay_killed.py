# file: only with posts
"""The relay is killed between sending and deleting; its successor repeats events without double effects (R-03).

`make faults` has RELAY_KILLS=24; .ci/run is shorter.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from httpx import ASGITransport, AsyncClient

from posts.config import Settings
from posts.main import create_app
from tests.conftest import Cloner
from tests.database import Server
from tests.peers import Peers
from tests.system.faults.metrics import total
from tests.system.faults.report import SEEN_WITHIN, Report

ROUNDS = int(os.environ.get("RELAY_KILLS", "3"))
STARTED_WITHIN = 60.0
"""Seconds; a limit for loaded machines."""
SHOWN = 0.5
"""Seconds: older than any event in normal operation."""
ANSWER = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"


@dataclass
class Peer:
    """A stub of auth and users: issues tokens, accepts events, and answers them if `answers` is set."""

    answers: bool = False
    told: Counter[str] = field(default_factory=Counter)
    versions: dict[str, int] = field(default_factory=dict)
    sent: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length")]
            length = int(lengths[0].split(":")[1]) if lengths else 0
            body = await reader.readexactly(length)
            if "/auth/token" in head:
                token = json.dumps({"access_token": "a-service-token", "expires_in": 300}).encode()
                writer.write(ANSWER % (b"200 OK", len(token), token))
            elif not length:  # no event but a request for keys, which may fail
                writer.write(ANSWER % (b"404 Not Found", 0, b""))
            else:
                self.apply(json.loads(body)["events"])
                if not self.answers:
                    await asyncio.sleep(10)  # processed, but the relay dies before the answer arrives
                writer.write(ANSWER % (b"204 No Content", 0, b""))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def apply(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self.told[event["subject"]] += 1
            self.versions[event["subject"]] = max(event["version"], self.versions.get(event["subject"], 0))
        self.sent.set()


@asynccontextmanager
async def relay(settings: dict[str, str], url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m posts relay` as a separate process; killed at the end."""
    peers = dict.fromkeys(("AUTH_URL", "USERS_URL"), url) | {"JWKS_URL": f"{url}/jwks"}
    own = {name.upper(): value for name, value in settings.items()} | {"CLIENT_SECRET": secrets.token_urlsafe(32)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "posts", "relay", env={**os.environ, **peers, **own}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def until_shown(posts: AsyncClient) -> float:
    """Seconds until posts' metrics show an old waiting event."""
    began = time.monotonic()
    while total((await posts.get("/metrics")).text, "outbox_oldest_seconds", target="users") < SHOWN:
        assert time.monotonic() - began < SEEN_WITHIN
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.faults
async def test_a_relay_killed_between_sending_and_deleting_loses_and_doubles_nothing(
    database_of: Cloner, server: Server, report: Report
) -> None:
    """R-03"""
    settings = await database_of("posts")
    name = settings["database_url"].rpartition("/")[2]
    database = await asyncpg.connect(f"{server.dsn.rpartition('/')[0]}/{name}")
    seen, peer = 0.0, Peer()
    app = create_app(
        Settings.model_validate({**settings, "client_secret": secrets.token_urlsafe(32), "relay": False}), Peers()
    )
    listener = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"

    async def publish(round_: int) -> None:
        """One subject that changes each round, and one that is new."""
        for subject, version in (("author:1", round_), (f"author:{100 + round_}", 1)):
            await database.execute(
                "INSERT INTO outbox (target, type, subject, version, data) VALUES ('users', 'author', $1, $2, $3) "
                "ON CONFLICT (target, type, subject) DO UPDATE SET version = excluded.version, next_at = now()",
                subject,
                version,
                json.dumps({"posts_count": version}),
            )

    async def left() -> int:
        return int(await database.fetchval("SELECT count(*) FROM outbox"))

    try:
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=ASGITransport(app), base_url="http://posts.test") as api,
        ):
            for round_ in range(1, ROUNDS + 1):
                peer.sent.clear()
                await publish(round_)
                async with relay(settings, url):
                    await asyncio.wait_for(peer.sent.wait(), STARTED_WITHIN)
                assert await left() > 0, "killed before it could delete"
                seen = max(seen, await until_shown(api))
        peer.answers = True
        began = time.monotonic()
        async with relay(settings, url):
            for _ in range(300):
                if not await left():
                    break
                await asyncio.sleep(0.1)
        assert await left() == 0
        drained = time.monotonic() - began
    finally:
        listener.close()
        await database.close()
    assert peer.versions == {"author:1": ROUNDS} | {f"author:{100 + round_}": 1 for round_ in range(1, ROUNDS + 1)}
    subjects = [f"author:{100 + round_}" for round_ in range(1, ROUNDS + 1)]
    assert [subject for subject in subjects if peer.told[subject] < 2] == [], "sent again after the kill, and harmless"
    report.fault(
        row="R-03",
        fault="relay killed between sending and deleting",
        times=ROUNDS,
        recovery_s=drained,
        kills=ROUNDS,
        seen={"`outbox_oldest_seconds`": seen},
    )
