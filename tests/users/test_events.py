"""The events that users receives and sends."""

from typing import Any

from httpx import AsyncClient

from tests.events import Outbox
from tests.peers import Peers, event
from tests.users.conftest import SignedIn
from tests.users.telling import account, tell


# begin: only with posts
async def test_an_account_becomes_a_profile_and_posts_is_told(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    ada = 900_001
    for _ in range(2):
        assert (await tell(client, peers, account(ada, "ada@example.com", 1))).status_code == 204
        assert await outbox.waiting(f"profile:{ada}") == [("posts", 1, {"name": "Ada", "avatar_url": None})]
    peers.asked.clear()
    profile = (await client.get("/users/me", headers=signed_in(ada))).json()
    assert (profile["name"], profile["email"]) == ("Ada", "ada@example.com")
    assert peers.asked == []


# end: only with posts


async def test_a_new_address_replaces_the_old_one_but_never_the_name(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    """R-13: in any order."""
    ada = 900_002
    for version in (1, 3, 2, 3):
        await tell(client, peers, account(ada, f"ada{version}@example.com", version))
        if version == 1:
            await client.patch("/users/me", json={"name": "Countess"}, headers=signed_in(ada))
    profile = (await client.get("/users/me", headers=signed_in(ada))).json()
    assert (profile["name"], profile["email"]) == ("Countess", "ada3@example.com")


# begin: only with posts
async def test_the_number_of_posts_is_known_even_before_the_profile(client: AsyncClient, peers: Peers) -> None:
    ada = 900_003
    for version, count in ((2, 20), (1, 10)):
        told = event("author", {"posts_count": count}, ada, version=version)
        assert (await tell(client, peers, told, sender="posts")).status_code == 204
    await tell(client, peers, account(ada, "ada@example.org", 1))
    assert (await client.get(f"/users/{ada}")).json()["posts_count"] == 20


# end: only with posts


async def test_only_the_owner_tells_a_state(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """S-28."""
    forged = account(900_004, "forged@example.com", 1)
    assert (await tell(client, peers, forged, sender="posts")).status_code == 403
    for headers in ({}, signed_in(1), signed_in(1, "admin"), peers.issuer.service("auth", "posts")):
        reply = await client.post("/internal/events", json={"events": [forged]}, headers=headers)
        assert reply.status_code in (401, 403)
    assert (await client.get("/users/900004")).status_code == 404


# begin: only with posts
async def test_changes_are_told_to_posts_as_states(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    await client.patch("/users/me", json={"name": "Countess"}, headers=signed_in(ada))
    assert await outbox.waiting(f"profile:{ada}") == [("posts", 2, {"name": "Countess", "avatar_url": None})]
    subject = f"follow:{grace}:{ada}"
    for version, (method, active) in enumerate([("PUT", True), ("DELETE", False), ("PUT", True)], start=1):
        for _ in range(2):
            await client.request(method, f"/users/{ada}/follow", headers=signed_in(grace))
            assert await outbox.waiting(subject) == [("posts", version, {"active": active})]


# end: only with posts


# begin: only with posts
async def test_owners_pages_hold_everything_in_order(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    people = [peers.new_account() for _ in range(3)]
    for person in people[1:]:
        await client.put(f"/users/{people[0]}/follow", headers=signed_in(person))
    await client.delete(f"/users/{people[0]}/follow", headers=signed_in(people[2]))
    headers = peers.issuer.service("posts", "users")
    seen: dict[str, Any] = {}
    for path in ("profiles", "follows"):
        after = None
        while True:
            params = {"limit": 1} | ({"after": after} if after else {})
            page = (await client.get(f"/internal/{path}", params=params, headers=headers)).json()
            seen |= {told["subject"]: told["data"] for told in page["events"]}
            after = page["next"]
            if after is None:
                break
    assert {f"profile:{person}" for person in people} <= seen.keys()
    assert seen[f"follow:{people[1]}:{people[0]}"] == {"active": True}
    assert seen[f"follow:{people[2]}:{people[0]}"] == {"active": False}
    for after in ("1", "a:b", "1:2:3", "-1:2", "9" * 16 + ":1"):
        reply = await client.get("/internal/follows", params={"after": after}, headers=headers)
        assert reply.status_code == 422


# end: only with posts
