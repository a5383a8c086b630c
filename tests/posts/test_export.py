"""posts' part of an account's export."""

import json
from typing import Any

import asyncpg
from httpx import AsyncClient
from sqlalchemy import TextClause
from sqlalchemy.dialects import registry

from posts.repositories.exports import SECTIONS
from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import SignedIn


async def pages(client: AsyncClient, peers: Peers, account_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        path = f"/internal/export/{account_id}"
        reply = await client.get(path, params=after, headers=peers.issuer.service("users", "posts"))
        assert reply.status_code == 200, reply.text
        assert len(reply.content) < 1024 * 1024
        found.append(reply.json())
        if found[-1]["next"] is None:
            return found
        after = {"after": found[-1]["next"]}


async def test_an_account_is_told_of_all_that_it_wrote_and_likes(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, grace = peers.new_account(), peers.new_account()
    for person, status in ((ada, "published"), (ada, "draft"), (grace, "published")):
        new = {"title": f"{status} of {person}", "body": "b", "tags": ["t"], "status": status}
        post = (await client.post("/posts", json=new, headers=signed_in(person))).json()
    await client.post(f"/posts/{post['id']}/comments", json={"body": "Well seen."}, headers=signed_in(ada))
    await client.put(f"/posts/{post['id']}/like", headers=signed_in(ada))
    (page,) = await pages(client, peers, ada)
    sections = page["sections"]
    assert list(sections) == ["posts", "drafts", "comments", "likes", "pictures", "reports", "removed"]
    assert [(item["title"], item["tags"]) for item in sections["posts"]] == [(f"published of {ada}", ["t"])]
    assert [item["title"] for item in sections["drafts"]] == [f"draft of {ada}"]
    assert [(item["post_id"], item["body"]) for item in sections["comments"]] == [(post["id"], "Well seen.")]
    assert [item["post_id"] for item in sections["likes"]] == [post["id"]]
    assert (await pages(client, peers, peers.new_account()))[0]["sections"] == {name: [] for name in sections}


async def test_a_page_stays_below_what_a_caller_reads(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """Also for texts that become six times as long in JSON."""
    ada = peers.new_account()
    titles = [f"post {number}" for number in range(8)]
    for number, title in enumerate(titles):
        body = ("\x01" if number % 2 else "\U0001f600") * 49_999 + "."
        reply = await client.post("/posts", json={"title": title, "body": body}, headers=signed_in(ada))
        assert reply.status_code == 201, reply.text
    found = await pages(client, peers, ada)
    assert len(found) > 2
    assert [post["title"] for page in found for post in page["sections"].get("posts", [])] == titles


async def test_only_users_may_ask(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """S-28"""
    ada = peers.new_account()
    path = f"/internal/export/{ada}"
    issuer = peers.issuer
    services = [issuer.service("auth", "posts"), issuer.service("users", "auth")]
    callers = [{}, signed_in(ada), signed_in(ada, "admin"), *services]
    assert [(await client.get(path, headers=headers)).status_code for headers in callers] == [401, 403, 403, 403, 401]
    late = "posts:9999999999999999999.1"
    for after in ("x", "likes", "nothing:1", "posts:1", "posts:a.b", "drafts:1.2", "drafts:-", late):
        reply = await client.get(path, params={"after": after}, headers=issuer.service("users", "posts"))
        assert reply.status_code == 422, after


LONG = """
INSERT INTO posts (author_id, title, body, status)
SELECT $1, 'Long', (SELECT string_agg(md5(n::text || '-' || part), '') FROM generate_series(1, 1500) AS part), 'draft'
FROM generate_series(1, 40) AS n
"""


async def test_a_page_of_long_posts_reads_only_those_that_it_gives(peers: Peers, outbox: Outbox) -> None:
    """Otherwise all 500 would be read for each one."""
    ada = peers.new_account()
    drafts = SECTIONS["drafts"].statement
    assert isinstance(drafts, TextClause)
    statement = drafts.bindparams(account=ada, after=0)
    sql = statement.compile(dialect=registry.load("postgresql.asyncpg")(), compile_kwargs={"literal_binds": True})
    superuser = await asyncpg.connect(outbox.dsn)
    await superuser.execute(LONG, ada)
    told = await superuser.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
    given = await superuser.fetch(str(sql))
    await superuser.close()
    plan = json.loads(told)[0]["Plan"]
    assert len(given) == 1
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 200, plan
