"""posts follows its OpenAPI document for any input (R-28, `tests/fuzz.py`)."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.peers import Peers, event
from tests.posts.conftest import NewPost

CARD = {"name": "Ada", "avatar_url": None}
STATES = ("draft", "published")


@pytest.mark.fuzz
async def test_posts_answers_as_its_schema_says(
    app: FastAPI, client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    from tests.fuzz import fuzz  # here, since it imports schemathesis, which takes each test process seconds

    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    signed_in = peers.issuer.person(ada)
    posts = [await write(author, tags=["a"], status=status) for author in (ada, grace) for status in STATES]
    for number, post in enumerate(post for post in posts if post["status"] == "published"):
        reporter = peers.issuer.person((grace, ada)[number])
        report = await client.post(f"/posts/{post['id']}/reports", json={"reason": "spam"}, headers=reporter)
        assert report.status_code == 201, report.text
    moderator = peers.issuer.person(peers.new_account(), "moderator")
    case_ids = [case["id"] for case in (await client.get("/posts/moderation/cases", headers=moderator)).json()["items"]]
    path = f"/posts/{posts[1]['id']}/comments"
    comment = (await client.post(path, json={"body": "Well seen."}, headers=signed_in)).json()
    page = (await client.get("/posts?limit=1")).json()
    issuer = peers.issuer
    callers = [
        dict,  # nobody
        lambda: issuer.person(ada),
        lambda: issuer.person(ada),
        lambda: issuer.person(grace, "moderator"),
        lambda: issuer.service("users", "posts"),
    ]
    known = {
        "post_id": [post["id"] for post in posts],
        "comment_id": [comment["id"]],
        "author_id": [ada, grace],
        "case_id": case_ids,
        "tag": ["a"],
        "events": [[event("follow", {"active": True}, ada, grace)], [event("profile", CARD, ada)], []],
        "cursor": [page["next_cursor"]],
        "q": ["first", "cl", "-night", "first or last"],
    }
    fuzzed = await fuzz(app, client, callers, known)
    assert not fuzzed.failures
    assert not fuzzed.unreached()
