"""Following and unfollowing."""

import asyncio

from httpx import AsyncClient

from tests.forgeries import BARE
from tests.peers import Peers
from tests.users.conftest import SignedIn


async def counts(client: AsyncClient, user_id: int) -> tuple[int, int]:
    profile = (await client.get(f"/users/{user_id}")).json()
    return profile["followers_count"], profile["following_count"]


async def test_following_shows_on_both_sides_and_repeating_changes_nothing(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, grace = peers.new_account(), peers.new_account()
    for _ in range(2):
        reply = await client.put(f"/users/{ada}/follow", headers=signed_in(grace))
        assert (reply.status_code, reply.content) == (204, b"")
        assert (await counts(client, ada), await counts(client, grace)) == ((1, 0), (0, 1))
    assert (await client.get(f"/users/{ada}", headers=signed_in(grace))).json()["following"] is True
    assert (await client.get(f"/users/{grace}", headers=signed_in(ada))).json()["following"] is False
    for _ in range(2):
        assert (await client.delete(f"/users/{ada}/follow", headers=signed_in(grace))).status_code == 204
        assert (await counts(client, ada), await counts(client, grace)) == ((0, 0), (0, 0))


async def test_nobody_follows_themselves_or_nobody(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account()
    own = await client.put(f"/users/{ada}/follow", headers=signed_in(ada))
    none = await client.put("/users/5/follow", headers=signed_in(ada))
    assert (own.status_code, own.json()["code"]) == (400, "cannot-follow-yourself")
    assert (none.status_code, none.json()["code"]) == (404, "user-not-found")
    assert await counts(client, ada) == (0, 0)


async def test_following_needs_sign_in(client: AsyncClient, peers: Peers) -> None:
    ada = peers.new_account()
    replies = [
        await client.put(f"/users/{ada}/follow"),
        await client.delete(f"/users/{ada}/follow"),
        await client.get(f"/users/{ada}/followers"),
        await client.get(f"/users/{ada}/following"),
    ]
    assert [(reply.status_code, reply.headers["www-authenticate"]) for reply in replies] == [(401, BARE)] * 4


async def test_counters_are_right_when_everybody_follows_at_once(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    """Also mutually: two people who follow each other at once must not deadlock."""
    people = [peers.new_account() for _ in range(4)]
    pairs = [(one, other) for one in people for other in people if one != other]
    replies = await asyncio.gather(
        *(client.put(f"/users/{other}/follow", headers=signed_in(one)) for one, other in pairs for _ in range(2))
    )
    assert [reply.text for reply in replies if reply.status_code != 204] == []
    assert [await counts(client, person) for person in people] == [(3, 3)] * 4


async def test_followers_come_in_pages_newest_first(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account()
    fans = [peers.new_account(f"fan {number}") for number in range(5)]
    for fan in fans:
        await client.put(f"/users/{ada}/follow", headers=signed_in(fan))
    seen: list[int] = []
    url: str | None = f"/users/{ada}/followers?limit=2"
    while url:
        reply = await client.get(url, headers=signed_in(ada))
        seen += [item["id"] for item in reply.json()["items"]]
        assert (reply.json()["next_cursor"] is None) == ("next" not in reply.links)
        url = reply.links["next"]["url"] if reply.links else None
    assert seen == fans[::-1]
    following = (await client.get(f"/users/{fans[0]}/following", headers=signed_in(ada))).json()
    assert [item["id"] for item in following["items"]] == [ada]


async def test_a_cursor_of_another_list_is_refused(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account()
    for _ in range(2):
        await client.put(f"/users/{ada}/follow", headers=signed_in(peers.new_account()))
    page = await client.get(f"/users/{ada}/followers?limit=1", headers=signed_in(ada))
    cursor = page.json()["next_cursor"]
    for path, wrong in (("following", cursor), ("followers", cursor[:-1]), ("followers", "x"), ("followers", "é")):
        reply = await client.get(f"/users/{ada}/{path}", params={"cursor": wrong}, headers=signed_in(ada))
        assert (reply.status_code, reply.json()["code"]) == (422, "bad-cursor")
