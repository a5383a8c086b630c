# file: only with posts
"""Background loops make a trace when they have done something, and none when they have found nothing to do."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

import auth.config
import posts.config
from common.db.database import Database
from common.events.erasure import Eraser, ErasureRepository, rows_of
from common.events.relay import Channel, Relay
from common.http.idempotency import forget_batch
from common.retention import Retention
from common.spans import background_span
from common.state_events import Delivery, StateEvent
from tests.auth.conftest import running
from tests.common.relay.relaying import Peer, publish
from tests.conftest import Cloner
from tests.erasing import erase
from tests.tracing import recording


@pytest.fixture
async def database(database_of: Cloner) -> AsyncIterator[Database]:
    settings = {**await database_of("posts"), "client_secret": secrets.token_urlsafe(32)}
    database = Database(posts.config.Settings.model_validate(settings))
    yield database
    await database.disconnect()


async def test_retention_is_traced_when_it_deletes_rows() -> None:
    found = iter([0, 500, 3])

    async def forget(_work: None, _most: int) -> int:
        return next(found)

    async def forget_untold(_work: None, _most: int) -> None:
        return None

    @asynccontextmanager
    async def transactions() -> AsyncIterator[None]:
        yield

    retention: Retention[None] = Retention(500, {"unused tags": forget, "links": forget_untold})
    with recording() as spans:
        await retention.apply(transactions)
        assert spans.get_finished_spans() == ()
        await retention.apply(transactions)
    named = [(span.name, span.parent, dict(span.attributes or {})) for span in spans.get_finished_spans()]
    assert named == [("delete unused tags", None, {"rows": 500}), ("delete unused tags", None, {"rows": 3})]


async def test_idle_loops_make_no_spans(database: Database) -> None:
    relay = Relay(database, {"users": Peer()})
    with recording() as spans:
        assert await relay.step("users", relay.channels["users"]) == 0
        assert not await Eraser(database, "posts", [rows_of("comments")]).step()
        assert await forget_batch(database) == 0
    assert spans.get_finished_spans() == ()


async def test_an_erasure_is_a_trace_with_its_statements(database: Database) -> None:
    eraser = Eraser(database, "posts", [])
    async with database.transaction() as session:
        await ErasureRepository(session, "posts").begin(7, 1)
    with recording() as spans:
        await erase(eraser)
    found = {span.name: span for span in spans.get_finished_spans()}
    root = found["erase account"]
    assert root.parent is None
    assert {"UPDATE erased", "publish account.erased"} <= {
        name for name, span in found.items() if span.parent and span.parent.span_id == root.context.span_id
    }


async def test_keys_are_traced_when_they_are_made(database_of: Cloner) -> None:
    keys = {"key_encryption_key": secrets.token_urlsafe(32), "refresh_key": secrets.token_urlsafe(32)}
    settings = auth.config.Settings.model_validate({**await database_of("auth"), **keys, "relay": False})
    with recording() as spans:
        async with running(settings) as app:
            made = [span.name for span in spans.get_finished_spans()]
            await app.state.keys.load()
            assert [span.name for span in spans.get_finished_spans()] == made
    assert made.count("rotate signing keys") == 1
    assert "INSERT signing_keys" in made


async def test_a_delivery_that_is_refused_is_a_failed_span(database: Database) -> None:
    peer = Peer()
    peer.status = 422
    relay = Relay(database, {"users": peer})
    await publish(database, 7)
    with recording() as spans:
        await relay.step("users", relay.channels["users"])
    (sent,) = (span for span in spans.get_finished_spans() if span.name == "send author")
    assert (sent.attributes or {})["error.type"] == "422"
    assert (sent.status.is_ok, sent.status.description) == (False, None)


async def test_an_event_carries_its_trace_beside_its_data(database: Database) -> None:
    """A relay of the release before leaves it in the data, where consumers ignore it."""
    relayed: list[StateEvent] = []

    class Keeping(Peer):
        async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
            relayed.extend(events)
            return Delivery(204)

    relay = Relay(database, {"users": Channel(Keeping())})
    with recording() as spans, background_span("some work"):
        await publish(database, 8)
    await publish(database, 9)
    while await relay.step("users", relay.channels["users"]):
        pass
    (publishing,) = (span for span in spans.get_finished_spans() if span.name == "publish author")
    told = {event.subject: event for event in relayed}
    trace_id, span_id = publishing.context.trace_id, publishing.context.span_id
    assert (told["author:8"].traceparent or "").startswith(f"00-{trace_id:032x}-{span_id:016x}-")
    assert "traceparent" not in told["author:9"].model_dump(), "unless it is sampled, nothing is sent"
    assert all(event.data == {"posts_count": 1} for event in relayed)
