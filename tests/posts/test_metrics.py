"""posts' metrics."""

import asyncio
import re

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from common.db.database import Database
from common.db.reading import ReadSession
from common.serving.collectors import pools
from posts.config import Settings
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn

Metrics = dict[str, float]


async def scrape(client: AsyncClient) -> Metrics:
    reply = await client.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in reply.text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_]+(\{[^{]*("[^"]*"[^{]*)*\})? \S+', line) for line in lines)
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_requests_are_counted_under_the_template_of_their_route(client: AsyncClient) -> None:
    before = await scrape(client)
    for path in ("/posts/1", "/posts/2", "/posts/x", "/made/up", "/livez", "/readyz"):
        await client.get(path)
    await client.request("BREW", "/posts/1")
    after = await scrape(client)
    grown = {name: value - before.get(name, 0) for name, value in after.items() if name.startswith("http_requests_t")}
    assert {name: value for name, value in grown.items() if value} == {
        'http_requests_total{method="GET",route="/posts/{post_id}",status="404"}': 2,
        'http_requests_total{method="GET",route="/posts/{post_id}",status="422"}': 1,
        'http_requests_total{method="GET",route="unknown",status="404"}': 1,
        'http_requests_total{method="unknown",route="/posts/{post_id}",status="405"}': 1,
    }
    timed = 'http_request_duration_seconds_count{method="GET",route="/posts/{post_id}"}'
    assert after[timed] - before.get(timed, 0) == 3


async def test_the_outbox_the_pools_and_the_checks_of_tokens_are_told(
    client: AsyncClient, app: FastAPI, write: NewPost, peers: Peers, signed_in: SignedIn
) -> None:
    author = peers.new_account("Ada")
    await write(author)
    await client.get("/posts/drafts", headers=signed_in(author))
    await client.get("/posts/drafts", headers={"Authorization": "Bearer nonsense"})
    found = await scrape(client)
    assert found['outbox_rows{state="waiting",target="users",type="author"}'] >= 1
    assert found['outbox_rows{state="parked",target="users",type="author"}'] == 0
    assert 0 < found['outbox_oldest_seconds{target="users",type="author"}'] < 60
    assert not [name for name in found if name.startswith("relay_")], "this process has no relay to tell of"
    assert found['token_checks_total{outcome="new"}'] >= 2
    assert found['token_checks_total{outcome="refused"}'] >= 1
    assert found['db_pool_connections{pool="writing"}'] == 0
    assert found['db_pool_limit{pool="writing"}'] == 15
    assert found['db_pool_waits_total{pool="reading"}'] == 0
    async with app.state.database.engine.connect():
        assert (await scrape(client))['db_pool_connections{pool="writing"}'] == 1


async def test_calls_to_other_services_are_told_with_their_breaker(
    client: AsyncClient, write: NewPost, peers: Peers
) -> None:
    before = await scrape(client)
    await write(peers.new_account("Grace"))  # posts asks users about this person
    peers.away = True
    try:
        await write(peers.new_account("Alan"))
    finally:
        peers.away = False
    after = await scrape(client)
    for outcome in ("answered", "failed"):
        name = f'client_calls_total{{outcome="{outcome}",peer="users"}}'
        assert after[name] - before[name] == 1
        took = f'client_call_duration_seconds_sum{{outcome="{outcome}",peer="users"}}'
        assert 0 < after[took] - before[took] < 10
    assert after['client_breaker{peer="users",state="closed"}'] == 1
    assert after['client_breaker{peer="users",state="open"}'] == 0


async def test_who_finds_all_connections_taken_is_counted(settings: Settings) -> None:
    database = Database(settings.model_copy(update={"read_pool_size": 1, "max_overflow": 0}))
    async with database.reading.connect():
        waiting = asyncio.create_task(ReadSession(database.reading).execute(text("SELECT 1")))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    assert (await waiting).scalar_one() == 1
    limit, waits = [metric for metric in await pools(database)() if metric.name in {"db_pool_limit", "db_pool_waits"}]
    assert [sample.value for sample in limit.samples if sample.labels == {"pool": "reading"}] == [1]
    assert [sample.value for sample in waits.samples if sample.labels == {"pool": "reading"}] == [1]
    await database.disconnect()


@pytest.mark.parametrize("name", ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"])
async def test_the_process_is_told(client: AsyncClient, name: str) -> None:
    assert (await scrape(client))[name] > 0


async def test_a_database_that_is_away_costs_only_its_own_metrics(
    client: AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise OSError("away")

    measures = app.state.metrics.collectors
    monkeypatch.setattr(
        app.state.metrics, "collectors", (away, *(one for one in measures if not one.__qualname__.startswith("outbox")))
    )
    found = await scrape(client)
    assert not any(name.startswith("outbox") for name in found)
    assert any(name.startswith("token_checks_total") for name in found)
