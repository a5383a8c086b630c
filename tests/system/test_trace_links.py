# file: only with posts
"""The story of a post over two services: one trace for each step, connected by links."""

import asyncio
from typing import Any

from fastapi import FastAPI

from deploy.local.ports import free_port
from tests.conftest import Cloner
from tests.tracing import Collector, Outside, app_of, attributes, collecting, serving, spans_sent
from tests.waiting import eventually

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def story(database_of: Cloner, collector: Collector, flags: str, **settings: object) -> Outside:
    """Somebody publishes a post in posts, and users counts it."""
    peers = Outside(free_port())
    traced = {"endpoint": collector.url, **settings}
    apps = [await app_of("posts", database_of, peers, relay=True, **traced)]  # type: ignore[arg-type]
    apps.append(await app_of("users", database_of, peers, **traced))  # type: ignore[arg-type]
    async with serving(apps[0], free_port()) as posts, serving(apps[1], peers.users_port) as users:
        ada = peers.new_account("Ada Canary")
        headers = {**peers.issuer.person(ada), "traceparent": f"00-{TRACE}-{CALLER}-{flags}"}
        new = {"title": "A canary", "body": "The canary sings.", "tags": ["canary"]}
        made = await posts.post("/posts?q=canary", json=new, headers=headers)
        assert made.status_code == 201, made.text

        async def is_counted() -> bool:
            reply = await users.get(f"/users/{ada}")
            return reply.status_code == 200 and bool(reply.json()["posts_count"] == 1)

        await eventually(is_counted, 0.1)
        await eventually(lambda: is_idle(apps[0]))
        await asyncio.sleep(1.2)  # loops that find nothing run twice meanwhile
    await spans_sent(*apps)
    peers.asked.append(peers.issuer.person(ada)["Authorization"])
    return peers


async def is_idle(app: FastAPI) -> bool:
    return all(channel.sent for name, channel in app.state.relay.channels.items() if name == "users")


def named(spans: list[Any], name: str) -> Any:
    (found,) = [span for span in spans if span.name == name]
    return found


def linked(span: Any) -> list[tuple[str, bytes]]:
    return [(link.trace_id.hex(), link.span_id) for link in span.links]


async def test_a_post_is_one_picture_over_two_services(database_of: Cloner) -> None:
    with collecting() as collector:
        await story(database_of, collector, "01")
    posts, users = collector.spans["posts"], collector.spans["users"]

    create = named(posts, "POST /posts")
    publish = named(posts, "publish author")
    assert (create.trace_id.hex(), create.parent_span_id.hex()) == (TRACE, CALLER)
    assert (publish.trace_id.hex(), publish.parent_span_id) == (TRACE, create.span_id)
    assert publish.kind == publish.SPAN_KIND_PRODUCER
    insert = named(posts, "INSERT outbox")
    assert insert.parent_span_id == publish.span_id
    assert attributes(insert) == {
        "db.system.name": "postgresql",
        "db.query.summary": "INSERT outbox",
        "db.operation.name": "INSERT",
        "db.collection.name": "outbox",
        "statement.name": "common.events.outbox:PUBLISH",
    }
    statements = [span for span in posts if span.parent_span_id == create.span_id and "db.system.name" in str(span)]
    assert {"posts.repositories.posts:ADD"} <= {attributes(span).get("statement.name") for span in statements}
    assert "COMMIT" in {span.name for span in statements}

    send = named(posts, "send author")
    assert (send.parent_span_id, linked(send)) == (b"", [(TRACE, publish.span_id)])
    assert send.trace_id != create.trace_id
    assert attributes(send) == {
        "messaging.system": "outbox",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "author",
        "messaging.batch.message_count": 1,
        "service.peer.name": "users",
    }
    receive = named(users, "POST /internal/events")
    process = named(users, "process author")
    assert (receive.trace_id, receive.parent_span_id) == (send.trace_id, send.span_id)
    assert (process.parent_span_id, linked(process)) == (receive.span_id, [(TRACE, publish.span_id)])
    assert process.kind == process.SPAN_KIND_CONSUMER
    assert "INSERT authored" in {span.name for span in users if span.parent_span_id == process.span_id}

    roots = {span.name for span in (*posts, *users) if not span.parent_span_id}
    assert roots <= {"send author", "GET /users/{user_id}"}, "loops that found nothing made no spans"


async def test_no_span_holds_a_value(database_of: Cloner) -> None:
    """S-46"""
    with collecting() as collector:
        peers = await story(database_of, collector, "01")
    found = collector.texts()
    assert "process author" in found
    values = ("anary", "@", "eyJ", peers.asked[-1])
    assert [text for text in found if any(value in text for value in values)] == []


async def test_a_story_is_as_whole_as_its_first_trace(database_of: Cloner) -> None:
    """With a share of 0 only callers decide: a delivery is sampled if the request that published its event was."""
    never = {"otel_traces_sampler": "parentbased_traceidratio", "otel_traces_sampler_arg": 0}
    with collecting() as collector:
        await story(database_of, collector, "01", **never)
    assert linked(named(collector.spans["users"], "process author"))
    assert {span.trace_id for span in collector.spans["posts"]} == {
        bytes.fromhex(TRACE),
        named(collector.spans["posts"], "send author").trace_id,
    }


async def test_a_caller_cannot_make_traces_where_none_are_kept(database_of: Cloner) -> None:
    with collecting() as collector:
        await story(database_of, collector, "01", otel_traces_sampler="always_off")
    assert collector.spans == {}


async def test_a_request_that_is_not_sampled_leaves_no_trace(database_of: Cloner) -> None:
    with collecting() as collector:
        await story(database_of, collector, "00", otel_traces_sampler="parentbased_always_off")
    assert collector.spans == {}
