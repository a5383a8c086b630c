"""Hostile requests to posts' routes. tests/common tests the mechanisms; here is what depends on these routes."""

import gzip
import json
import time
from typing import Any

import pytest
from httpx import AsyncClient

from tests.peers import Peers, event
from tests.posts.conftest import NewPost, SignedIn

BAD_IDS = ["-1", "0", str(2**53), str(2**63), str(10**30), "1e3", "0x1", "\uff11", "1.0", "+1", "%00", "a"]


@pytest.fixture
async def post(peers: Peers, write: NewPost) -> dict[str, Any]:
    return await write(peers.new_account("Ada"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"title": "t", "title": "u", "body": "b"}', 422),
        (b'{"title": NaN, "body": "b"}', 422),
        (b'{"title": "t", "body": ' + b"[" * 33 + b"]" * 33 + b"}", 422),
        (json.dumps({"title": "t", "body": "b", "tags": ["t"] * 101}).encode(), 422),
        (json.dumps({"title": "t", "body": "b", **{f"x{n}": 1 for n in range(200)}}).encode(), 422),
        (b'{"title": "t", "body": "\xff"}', 400),
        (b'{"title": "t", "body": "\\ud800"}', 422),
        (b'{"title": "\\udfff", "body": "b"}', 422),
        (b'{"title": "t", "body": "b", "tags": ["\\ud800"]}', 422),
        (b'{"title": "t", "body": "\\u0000"}', 422),
        (b'{"title": "right to left \xe2\x80\xae", "body": "b"}', 422),
        (b'{"title": "zero\xe2\x80\x8bwidth", "body": "b"}', 422),
    ],
)
async def test_a_hostile_body_is_refused(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, body: bytes, status: int
) -> None:
    """S-34, S-35."""
    headers = signed_in(peers.new_account()) | {"Content-Type": "application/json"}
    assert (await client.post("/posts", content=body, headers=headers)).status_code == status


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}]
)
async def test_another_media_type_is_refused(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, headers: dict[str, str]
) -> None:
    """S-34."""
    body = gzip.compress(b'{"title": "t", "body": "b"}')
    reply = await client.post("/posts", content=body, headers=signed_in(peers.new_account()) | headers)
    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize("id_", BAD_IDS)
async def test_an_id_that_is_none_is_refused_everywhere(
    client: AsyncClient, signed_in: SignedIn, post: dict[str, Any], id_: str
) -> None:
    """S-36."""
    headers, under = signed_in(post["author"]["id"]), f"/posts/{post['id']}/comments/{id_}"
    for method, path, body in (
        ("GET", f"/posts/{id_}", None),
        ("PATCH", f"/posts/{id_}", {"title": "t"}),
        ("DELETE", f"/posts/{id_}", None),
        ("PUT", f"/posts/{id_}/like", None),
        ("DELETE", f"/posts/{id_}/like", None),
        ("GET", f"/posts/{id_}/comments", None),
        ("POST", f"/posts/{id_}/comments", {"body": "b"}),
        ("GET", under, None),
        ("PATCH", under, {"body": "b"}),
        ("DELETE", under, None),
        ("GET", f"/posts?author_id={id_.replace('+', '%2B')}", None),
    ):
        reply = await client.request(method, path, json=body, headers=headers)
        assert reply.status_code in (404, 422), f"{method} {path}: {reply.status_code}"


@pytest.mark.parametrize("id_", [2**31, 2**53 - 1])
async def test_an_id_that_nobody_has_is_not_found(client: AsyncClient, peers: Peers, id_: int) -> None:
    """S-36."""
    for path in (f"/posts/{id_}", f"/posts/{id_}/comments", f"/posts/{id_}/comments/{id_}"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get(f"/posts?author_id={id_}")).json()["items"] == []


async def test_long_and_twisted_texts_take_no_time(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """S-38: tens of milliseconds. Quadratic time for 100 KiB would take minutes."""
    headers = signed_in(peers.new_account())
    await client.post("/posts", json={"title": "t", "body": "b"}, headers=headers)
    long = 100 * 1024
    for fields in (
        {"tags": ["a+." * (long // 3)]},
        {"tags": ["\ufdfa" * long]},
        {"title": "\u0301" * long},
        {"title": " " * long},
        {"body": "a-" * 25_000},
        {"body": "<" * 50_000},
        {"body": "http://" * 7_000},
    ):
        started = time.process_time()
        reply = await client.post("/posts", json={"title": "t", "body": "b"} | fields, headers=headers)
        assert reply.status_code == (201 if "body" in fields else 422)
        assert time.process_time() - started < 2, fields


async def test_markup_stays_text(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """S-39: stored and answered unchanged, and never as a type that a browser executes."""
    headers, evil = signed_in(peers.new_account()), "</script><img src=x onerror=alert(1)>{{7*7}}"
    made = await client.post("/posts", json={"title": evil, "body": evil}, headers=headers)
    said = await client.post(f"{made.headers['location']}/comments", json={"body": evil}, headers=headers)
    missing = await client.get("/posts", params={"cursor": evil})
    for reply in (made, said, missing, await client.get(made.headers["location"])):
        assert reply.headers["content-type"] in ("application/json", "application/problem+json")
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert (made.json()["title"], made.json()["body"], said.json()["body"]) == (evil, evil, evil)
    assert "<" not in missing.text


async def test_an_address_in_a_profile_is_passed_on_and_never_fetched(
    client: AsyncClient, peers: Peers, post: dict[str, Any]
) -> None:
    """S-40."""
    author, address = post["author"]["id"], "https://169.254.169.254/latest/meta-data"
    told = event("profile", {"name": "Ada", "avatar_url": address}, author, version=2)
    headers = peers.issuer.service("users", "posts")
    peers.asked.clear()
    assert (await client.post("/internal/events", json={"events": [told]}, headers=headers)).status_code == 204
    assert (await client.get(f"/posts/{post['id']}")).json()["author"]["avatar_url"] == address
    assert peers.asked == []
