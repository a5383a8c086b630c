# file: only with posts
"""A target is down during 50 changes a second; it catches up soon after its return (R-15).

`make faults` has AWAY=30, the long form AWAY=600; .ci/run is shorter.
"""

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Sequence

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.errors import DependencyUnavailable
from common.events.outbox import OutboxRepository
from common.events.relay import Relay
from common.serving.collectors import outbox
from common.state_events import Delivery, EventBatch, StateEvent
from posts.config import Settings as PostsSettings
from posts.main import create_app as create_posts
from tests.conftest import Cloner
from tests.peers import Peers
from tests.system.faults.report import SEEN_WITHIN, Report
from users.config import Settings as UsersSettings
from users.main import create_app as create_users

AWAY = float(os.environ.get("AWAY", "4"))
RATE = 50
COPY_FOR_WITNESS = text(
    "INSERT INTO outbox (target, type, subject, version, data) "
    "SELECT 'witness', type, subject, version, data FROM outbox WHERE target = 'posts' "
    "ORDER BY occurred_at DESC LIMIT 1 ON CONFLICT DO NOTHING"
)


class Line:
    """The link from users' relay to posts' app, which can be cut."""

    def __init__(self, posts: AsyncClient, peers: Peers) -> None:
        self.posts, self.peers, self.cut = posts, peers, False

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        if self.cut:
            raise DependencyUnavailable("cut")
        body = EventBatch(events=list(events)).model_dump_json()
        headers = self.peers.issuer.service("users", "posts") | {"Content-Type": "application/json"}
        return Delivery((await self.posts.post("/internal/events", content=body, headers=headers)).status_code)


class Witness:
    """Another target of the same relay; records the age of each arriving event."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        self.delays += [time.time() - event.occurred_at.timestamp() for event in events]
        return Delivery(204)


@pytest.mark.faults
async def test_a_target_catches_up_and_nobody_else_notices(database_of: Cloner, report: Report) -> None:
    """Publishers and other targets are not affected; the backlog has one row per subject."""
    peers = Peers()
    own = {"client_secret": secrets.token_urlsafe(32), "relay": False, "log_level": "error"}
    users = create_users(UsersSettings.model_validate({**await database_of("users"), **own}), peers)
    posts = create_posts(PostsSettings.model_validate({**await database_of("posts"), **own}), peers)
    async with (
        users.router.lifespan_context(users),
        posts.router.lifespan_context(posts),
        AsyncClient(transport=ASGITransport(users), base_url="http://users.test") as at_users,
        AsyncClient(transport=ASGITransport(posts), base_url="http://posts.test") as at_posts,
    ):
        await users.state.revoked.read()
        await posts.state.revoked.read()
        line, witness = Line(at_posts, peers), Witness()
        database = users.state.database
        relay = Relay(database, {"posts": line, "witness": witness})
        running = asyncio.create_task(relay.run())
        took: list[float] = []

        async def change(number: int) -> None:
            """A person signs up and makes a first request, which creates a profile, whose event goes to posts."""
            started = time.monotonic()
            reply = await at_users.get("/users/me", headers=peers.issuer.person(peers.new_account(f"person {number}")))
            took.append(time.monotonic() - started)
            assert reply.status_code == 200
            async with database.transaction() as session:  # the witness gets all events, too
                await session.execute(COPY_FOR_WITNESS)

        async def changes(seconds: float) -> list[float]:
            took.clear()
            began = time.monotonic()
            for number in range(int(seconds * RATE)):
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
                await change(number)
            return took.copy()

        async def waiting() -> int:
            async with database.transaction() as session:
                return sum(row.waiting for row in await OutboxRepository(session).status() if row.target == "posts")

        async def shown() -> float:
            """Seconds until the metrics show that posts gets no events."""
            cut_at = time.monotonic()
            while True:
                told = {
                    one.name: one.value
                    for metric in await outbox(database, relay)()
                    for one in metric.samples
                    if one.labels["target"] == "posts"
                }
                if told["relay_failures"] >= 1 and told.get("outbox_oldest_seconds", 0.0) >= 1:
                    return time.monotonic() - cut_at
                await asyncio.sleep(0.1)

        before = await changes(2)
        line.cut = True
        seen = asyncio.create_task(shown())
        meanwhile = await changes(AWAY)
        seen_after = await asyncio.wait_for(seen, SEEN_WITHIN)
        backlog = await waiting()
        assert backlog >= AWAY * RATE * 0.9
        delays_meanwhile = witness.delays[-int(AWAY * RATE / 2) :]
        line.cut = False
        returned = time.monotonic()
        while await waiting():
            await asyncio.sleep(0.05)
            assert time.monotonic() - returned < 30, "catches up within 30 s"
        caught_up = time.monotonic() - returned
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    print(
        f"away {AWAY:.0f} s, {backlog} waiting, caught up in {caught_up:.1f} s; a change took "
        f"{statistics.median(before) * 1000:.1f} ms before and {statistics.median(meanwhile) * 1000:.1f} ms meanwhile; "
        f"the other target heard after {statistics.median(delays_meanwhile) * 1000:.0f} ms"
    )
    assert statistics.median(meanwhile) <= 2 * statistics.median(before) + 0.005
    assert statistics.median(delays_meanwhile) < 1.0
    report.fault(
        row="R-15",
        fault=f"a target of events away for {AWAY:.0f} s, {backlog} waiting",
        recovery_s=caught_up,
        seen=dict.fromkeys(("`outbox_oldest_seconds`", "`relay_failures`"), seen_after),
    )
