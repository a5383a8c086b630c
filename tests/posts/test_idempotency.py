"""`Idempotency-Key` (S-44)."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from common.http import idempotency
from posts.config import Settings
from tests.database import Server
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk

POST = {"title": "First light", "body": "It was a clear night."}


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def seen(reply: Response) -> tuple[int, Any, str, str]:
    return reply.status_code, reply.json(), reply.headers["location"], reply.headers["etag"]


async def test_a_repeated_request_has_one_effect_and_the_same_answer(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, walk: Walk
) -> None:
    ada = peers.new_account()
    headers = signed_in(ada) | new_key()
    first = await client.post("/posts", json=POST, headers=headers)
    again = await client.post("/posts", json=POST, headers=headers)
    assert first.status_code == 201
    assert seen(again) == seen(first)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(await walk(f"/posts?author_id={ada}")) == 1


async def test_of_twenty_requests_with_one_key_one_has_an_effect(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, walk: Walk
) -> None:
    ada = peers.new_account()
    headers = signed_in(ada) | new_key()
    replies = await asyncio.gather(*(client.post("/posts", json=POST, headers=headers) for _ in range(20)))
    refused = [reply for reply in replies if reply.status_code != 201]
    assert all((reply.status_code, reply.json()["code"]) == (409, "request-in-progress") for reply in refused)
    made = {reply.headers["location"] for reply in replies if reply.status_code == 201}
    assert len(made) == len(await walk(f"/posts?author_id={ada}")) == 1


async def test_twenty_callers_who_try_again_after_a_409_all_get_the_one_answer(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    post = await write(ada)
    headers = signed_in(ada) | new_key()

    async def insist() -> Response:
        while True:
            reply = await client.post(f"/posts/{post['id']}/comments", json={"body": "b"}, headers=headers)
            if reply.status_code != 409:
                return reply
            await asyncio.sleep(0.01)

    replies = await asyncio.gather(*(insist() for _ in range(20)))
    assert all(seen(reply) == seen(replies[0]) for reply in replies)
    assert sum("idempotency-replayed" not in reply.headers for reply in replies) == 1
    assert (await client.get(f"/posts/{post['id']}")).json()["comments_count"] == 1


async def test_a_key_stands_for_one_body_one_path_and_one_person(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, eve = peers.new_account(), peers.new_account()
    key = new_key()
    first = await client.post("/posts", json=POST, headers=signed_in(ada) | key)
    other = await client.post("/posts", json=POST | {"body": "Another."}, headers=signed_in(ada) | key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    foreign = await client.post("/posts", json=POST, headers=signed_in(eve) | key)
    assert foreign.status_code == 201
    assert foreign.json()["id"] != first.json()["id"]
    assert foreign.json()["author"]["id"] == eve
    for _ in range(2):
        path = f"/posts/{(await write(ada))['id']}/comments"
        comment = await client.post(path, json={"body": "b"}, headers=signed_in(ada) | key)
        assert (comment.status_code, "idempotency-replayed" in comment.headers) == (201, False)
    for headers in (key, key | {"Authorization": "Bearer x.y.z"}):
        assert (await client.post("/posts", json=POST, headers=headers)).status_code == 401


async def test_a_repeat_after_a_change_of_the_services_password_has_its_answer(
    client: AsyncClient, app: FastAPI, peers: Peers, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bodies can no longer be compared; an honest repetition must not be refused for a day."""
    headers, other = signed_in(peers.new_account()) | new_key(), POST | {"body": "Another."}
    first = await client.post("/posts", json=POST, headers=headers)
    assert (await client.post("/posts", json=other, headers=headers)).status_code == 422
    monkeypatch.setitem(app.state._state, "fingerprint_key", b"derived from another password, say.")
    again = await client.post("/posts", json=POST, headers=headers)
    assert seen(again) == seen(first)
    assert again.headers["idempotency-replayed"] == "true"
    headers |= new_key()
    assert (await client.post("/posts", json=POST, headers=headers)).status_code == 201
    assert (await client.post("/posts", json=other, headers=headers)).status_code == 422


async def test_what_was_stored_before_secrets_had_ids_is_compared_as_it_was(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, server: Server, settings: Settings
) -> None:
    headers = signed_in(peers.new_account()) | new_key()
    first = await client.post("/posts", json=POST, headers=headers)
    connection = await asyncpg.connect(server.dsn, database=str(settings.database_url.path).lstrip("/"))
    try:
        await connection.execute(
            "UPDATE idempotency_keys SET fingerprint = substr(fingerprint, 9) WHERE key = $1",
            headers["Idempotency-Key"],
        )
    finally:
        await connection.close()
    assert seen(await client.post("/posts", json=POST, headers=headers)) == seen(first)
    assert (await client.post("/posts", json=POST | {"body": "Another."}, headers=headers)).status_code == 422


async def test_a_refusal_is_not_kept(client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost) -> None:
    ada = peers.new_account()
    draft = await write(ada, status="draft")
    path, headers = f"/posts/{draft['id']}/comments", signed_in(ada) | new_key()
    assert (await client.post(path, json={"body": "b"}, headers=headers)).status_code == 404
    await client.patch(f"/posts/{draft['id']}", json={"status": "published"}, headers=signed_in(ada))
    assert (await client.post(path, json={"body": "b"}, headers=headers)).status_code == 201
    assert (await client.post("/posts", json={}, headers=headers)).status_code == 422
    assert (await client.post("/posts", json=POST, headers=headers)).status_code == 201


async def test_an_effect_that_is_not_kept_has_no_answer_that_is(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, failing_commits: None
) -> None:
    headers = signed_in(peers.new_account()) | new_key()
    for _ in range(2):
        reply = await client.post("/posts", json=POST, headers=headers)
        assert (reply.status_code, "idempotency-replayed" in reply.headers) == (500, False)


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "schlüssel".encode(), b"\x7f", "k\tk"], ids=ascii)
async def test_a_key_is_visible_ascii(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, walk: Walk, key: str | bytes
) -> None:
    ada = peers.new_account()
    raw = key.encode() if isinstance(key, str) else key
    headers = [*signed_in(ada).items(), (b"Idempotency-Key", raw)]
    reply = await client.post("/posts", json=POST, headers=headers)  # type: ignore[arg-type]  # bytes beside text
    assert (reply.status_code, reply.json()["code"]) == (422, "bad-idempotency-key")
    twice = [*signed_in(ada).items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert (await client.post("/posts", json=POST, headers=twice)).status_code == 422
    assert await walk(f"/posts?author_id={ada}") == []


async def test_a_key_is_over_after_a_day_and_removed(
    client: AsyncClient, app: FastAPI, peers: Peers, signed_in: SignedIn, server: Server, settings: Settings
) -> None:
    headers = signed_in(peers.new_account()) | new_key()
    first = await client.post("/posts", json=POST, headers=headers)
    connection = await asyncpg.connect(server.dsn, database=str(settings.database_url.path).lstrip("/"))
    try:
        older = "UPDATE idempotency_keys SET created_at = created_at - interval '24 hours' WHERE key = $1"
        await connection.execute(older, headers["Idempotency-Key"])
        second = await client.post("/posts", json=POST | {"body": "Another."}, headers=headers)
        assert (second.status_code, second.json()["id"] != first.json()["id"]) == (201, True)
        again = await client.post("/posts", json=POST | {"body": "Another."}, headers=headers)
        assert seen(again) == seen(second)
        await connection.execute(older, headers["Idempotency-Key"])
        kept = await connection.fetchval("SELECT count(*) FROM idempotency_keys")
        assert await idempotency.forget_batch(app.state.database) == 1
        assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == kept - 1
    finally:
        await connection.close()


async def test_no_connection_is_held_while_the_author_is_asked_for(
    client: AsyncClient, app: FastAPI, peers: Peers, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    answer = peers.handle_async_request

    async def watch(request: Any) -> Any:
        held.append(app.state.database.engine.pool.checkedout())
        return await answer(request)

    monkeypatch.setattr(peers, "handle_async_request", watch)
    reply = await client.post("/posts", json=POST, headers=signed_in(peers.new_account()) | new_key())
    assert reply.status_code == 201
    assert held
    assert set(held) == {0}
