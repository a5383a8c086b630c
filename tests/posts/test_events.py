"""The events that posts receives and sends."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.events import Outbox
from tests.peers import Peers, event
from tests.posts.conftest import NewPost, SignedIn


async def tell(client: AsyncClient, peers: Peers, *events: dict[str, Any], sender: str = "users") -> Response:
    headers = peers.issuer.service(sender, "posts")
    return await client.post("/internal/events", json={"events": list(events)}, headers=headers)


def profile(account: int, name: str, version: int) -> dict[str, Any]:
    return event("profile", {"name": name, "avatar_url": None, "shoe_size": 7}, account, version=version)


async def name_of(client: AsyncClient, post: dict[str, Any]) -> Any:
    return (await client.get(f"/posts/{post['id']}")).json()["author"]["name"]


async def test_the_newest_state_wins_in_any_order_and_however_often_told(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    """R-13."""
    ada = peers.new_account("Ada")
    post = await write(ada)
    for version in (5, 3, 5, 4, 1, 5):
        assert (await tell(client, peers, profile(ada, f"Ada {version}", version))).status_code == 204
        assert await name_of(client, post) == "Ada 5"
    await tell(client, peers, profile(ada, "Ada 6", 6), profile(ada, "Ada 2", 2))
    assert await name_of(client, post) == "Ada 6"


async def test_an_account_gives_a_name_until_the_profile_comes(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    ada = 900_001
    account = {"email": "ada@example.com", "name": "Ada at sign-up", "roles": [], "status": "active"}
    for _ in range(2):
        assert (await tell(client, peers, event("account", account, ada), sender="auth")).status_code == 204
    post = await write(ada)
    assert post["author"]["name"] == "Ada at sign-up"
    await tell(client, peers, profile(ada, "Ada", 1))
    await tell(client, peers, event("account", account, ada, version=2), sender="auth")
    assert await name_of(client, post) == "Ada"


async def test_an_ended_follow_is_not_brought_back_by_an_older_state(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, grace = peers.new_account(), peers.new_account()
    post = await write(ada)

    async def feed() -> list[int]:
        reply = await client.get("/posts/feed", headers=signed_in(grace))
        return [item["id"] for item in reply.json()["items"]]

    await tell(client, peers, event("follow", {"active": True}, grace, ada, version=1))
    assert await feed() == [post["id"]]
    await tell(client, peers, event("follow", {"active": False}, grace, ada, version=2))
    await tell(client, peers, event("follow", {"active": True}, grace, ada, version=1))
    assert await feed() == []


BAD: dict[str, dict[str, Any]] = {
    "another subject": event("profile", {"name": "x", "avatar_url": None}, 1) | {"subject": "account:1"},
    "too many numbers": event("profile", {"name": "x", "avatar_url": None}, 1, 2),
    "a number out of range": event("profile", {"name": "x", "avatar_url": None}, 2**53),
    "a missing field": event("profile", {"name": "x"}, 1),
    "a wrong type": event("follow", {"active": "perhaps"}, 1, 2),
    "no data": event("profile", {}, 1),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_bad_event_is_refused_and_the_whole_batch_with_it(
    client: AsyncClient, peers: Peers, write: NewPost, bad: dict[str, Any]
) -> None:
    """R-14: the sender finds the bad one by sending them one by one."""
    ada = peers.new_account("Ada")
    post = await write(ada)
    reply = await tell(client, peers, profile(ada, "changed", 9), bad)
    assert (reply.status_code, reply.json()["code"]) == (422, "bad-event")
    assert await name_of(client, post) == "Ada"


async def test_unknown_types_are_ignored(client: AsyncClient, peers: Peers) -> None:
    assert (await tell(client, peers, event("horoscope", {"sign": "leo"}, 1))).status_code == 204


async def test_only_the_owner_tells_a_state(client: AsyncClient, peers: Peers, write: NewPost) -> None:
    """S-28."""
    ada = peers.new_account("Ada")
    post = await write(ada)
    reply = await tell(client, peers, profile(ada, "forged", 9), sender="auth")
    assert (reply.status_code, reply.json()["code"]) == (403, "not-the-owner")
    assert await name_of(client, post) == "Ada"


async def test_the_number_of_published_posts_is_told_to_users(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    ada = peers.new_account()
    headers = signed_in(ada)
    subject = f"author:{ada}"
    draft = await write(ada, status="draft")
    assert await outbox.waiting(subject) == []
    post = await write(ada)
    assert await outbox.waiting(subject) == [("users", 1, {"posts_count": 1})]
    await client.patch(f"/posts/{draft['id']}", json={"status": "published"}, headers=headers)
    assert await outbox.waiting(subject) == [("users", 2, {"posts_count": 2})]
    await client.patch(f"/posts/{draft['id']}", json={"title": "no matter"}, headers=headers)
    assert await outbox.waiting(subject) == [("users", 2, {"posts_count": 2})]
    await client.delete(f"/posts/{post['id']}", headers=headers)
    assert await outbox.waiting(subject) == [("users", 3, {"posts_count": 1})]
    stranger = signed_in(peers.new_account())
    await client.delete(f"/posts/{draft['id']}", headers=stranger)
    assert await outbox.waiting(subject) == [("users", 3, {"posts_count": 1})]
    page = await client.get(
        f"/internal/authors?after={ada - 1}&limit=1", headers=peers.issuer.service("users", "posts")
    )
    (told,) = page.json()["events"]
    assert (told["subject"], told["version"], told["data"]) == (subject, 3, {"posts_count": 1})
