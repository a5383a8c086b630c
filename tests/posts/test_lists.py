"""Lists of posts: the newest first, page by page, by author, by tag and as a feed."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from posts.services.authors import UNKNOWN_FOR
from tests.cursors import forge
from tests.peers import Peers, event
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk


async def test_pages_neither_repeat_nor_skip_though_posts_come_meanwhile(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    ada = peers.new_account()
    posts = [(await write(ada, title=str(number)))["id"] for number in range(5)]
    seen: list[int] = []
    url = f"/posts?author_id={ada}&limit=2"
    while url:
        reply = await client.get(url)
        seen += [item["id"] for item in reply.json()["items"]]
        url = reply.links["next"]["url"] if reply.links else ""
        await write(ada, title="meanwhile")
    assert seen == posts[::-1]


async def test_lists_by_author_and_by_tag_hold_what_they_say(peers: Peers, write: NewPost, walk: Walk) -> None:
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    both = [(await write(author, tags=["shared", "x"]))["id"] for author in (ada, grace, ada)]
    other = (await write(ada, tags=["other"]))["id"]
    await write(ada, status="draft", tags=["shared"])

    def ids(items: list[dict[str, int]]) -> list[int]:
        return [item["id"] for item in items]

    assert ids(await walk("/posts?tag=shared&limit=1")) == both[::-1]
    assert ids(await walk(f"/posts?tag=shared&author_id={ada}&limit=1")) == [both[2], both[0]]
    assert ids(await walk(f"/posts?author_id={ada}&limit=1")) == [other, both[2], both[0]]
    everything = await walk("/posts?limit=100")
    assert ids(everything)[:4] == [other, *both[::-1]]
    assert {item["author"]["name"] for item in everything[:4]} == {"Ada", "Grace"}


async def test_a_list_asks_for_all_unknown_authors_at_once(client: AsyncClient, peers: Peers, write: NewPost) -> None:
    peers.away = True
    for _ in range(3):
        await write(peers.new_account(), tags=["once"])
    peers.away = False
    peers.asked.clear()
    assert len((await client.get("/posts?tag=once")).json()["items"]) == 3
    assert peers.asked == ["/internal/profiles"]


async def test_a_list_does_not_ask_again_at_once_for_whom_users_does_not_know(
    app: FastAPI, client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    nobody, ada = 5, peers.new_account()
    await write(nobody, tags=["nobody"])
    peers.away = True
    await write(ada, tags=["nobody"])
    peers.away = False
    clock = app.state.authors.clock

    async def listed() -> tuple[list[str | None], list[str]]:
        peers.asked.clear()
        items = (await client.get("/posts?tag=nobody")).json()["items"]
        return [item["author"]["name"] for item in items], list(peers.asked)

    app.state.authors.unknown.clear()
    assert await listed() == (["Ada", None], ["/internal/profiles"])
    assert await listed() == (["Ada", None], [])
    app.state.authors.clock = lambda: clock() + UNKNOWN_FOR
    peers.profiles[nobody] = event("profile", {"name": "Late", "avatar_url": None}, nobody)
    assert await listed() == (["Ada", "Late"], ["/internal/profiles"])
    app.state.authors.clock = clock


async def test_the_feed_merges_the_people_one_follows(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada, grace, stranger, silent, reader = (peers.new_account() for _ in range(5))
    edges = [event("follow", {"active": True}, reader, author) for author in (ada, grace, silent)]
    edges.append(event("follow", {"active": False}, reader, stranger))
    headers = peers.issuer.service("users", "posts")
    assert (await client.post("/internal/events", json={"events": edges}, headers=headers)).status_code == 204
    posts = [(await write(author))["id"] for author in (ada, grace, ada, ada, grace)]
    await write(stranger)
    await write(ada, status="draft")
    await client.put(f"/posts/{posts[0]}/like", headers=signed_in(reader))
    feed = await walk("/posts/feed?limit=2", signed_in(reader))
    assert [item["id"] for item in feed] == posts[::-1]
    assert [item["liked"] for item in feed] == [False, False, False, False, True]
    assert await walk("/posts/feed", signed_in(silent)) == []


async def test_drafts_come_in_pages(peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk) -> None:
    ada = peers.new_account()
    drafts = [(await write(ada, status="draft"))["id"] for _ in range(5)]
    assert [item["id"] for item in await walk("/posts/drafts?limit=2", signed_in(ada))] == drafts[::-1]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "limit=1e1", "author_id=0", "author_id=-1", f"author_id={2**53}", "tag=",
     "tag=%00", "tag=a%20b", "tag=" + "t" * 51, "cursor=x", "cursor=%00", "cursor=" + "A" * 201, "cursor=AAAA"],
)  # fmt: skip
async def test_a_bad_query_is_refused(client: AsyncClient, query: str) -> None:
    """S-36."""
    reply = await client.get(f"/posts?{query}")
    assert reply.status_code == 422
    assert reply.json()["code"] in {"validation-failed", "bad-cursor"}


async def test_a_cursor_is_good_for_its_own_list_only(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    for _ in range(2):
        await write(ada, tags=["cursor"])
    cursor = (await client.get("/posts?tag=cursor&limit=1")).json()["next_cursor"]
    flipped = cursor[:5] + ("A" if cursor[5] != "A" else "B") + cursor[6:]
    good = await client.get("/posts", params={"tag": "cursor", "cursor": cursor})
    assert (good.status_code, len(good.json()["items"])) == (200, 1)
    for path, params in (
        ("/posts", {"cursor": cursor}),
        ("/posts", {"cursor": cursor, "author_id": ada}),
        ("/posts", {"cursor": flipped, "tag": "cursor"}),
        ("/posts", {"cursor": cursor + "A", "tag": "cursor"}),
        ("/posts/feed", {"cursor": cursor}),
        ("/posts/drafts", {"cursor": cursor}),
    ):
        reply = await client.get(path, params=params, headers=signed_in(ada))
        assert (reply.status_code, reply.json()["code"]) == (422, "bad-cursor")


async def test_a_forged_cursor_is_refused_or_a_place_like_any(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    """S-36"""
    ada = peers.new_account()
    headers = signed_in(ada)
    post = (await write(ada, tags=["forged"]))["id"]
    await write(ada, status="draft")
    for author, tag in ((None, None), (ada, None), (None, "forged"), (ada, "forged")):
        given = {"author_id": author, "tag": tag}
        query = "&".join(f"{name}={value}" for name, value in given.items() if value)
        for sort in ("new", "top"):
            await forge(client, f"/posts?sort={sort}&{query}", f"posts:{sort}:{author}:{tag}:None", 2)
        await forge(client, f"/posts?q=clear&{query}", f"posts:new:{author}:{tag}:clear", 2)
    await forge(client, "/posts/feed", "feed", 2, headers)
    await forge(client, "/posts/drafts", "drafts", 1, headers)
    await forge(client, "/posts/tags", "tags", 2)
    await forge(client, f"/posts/{post}/comments", f"comments:{post}", 1)
