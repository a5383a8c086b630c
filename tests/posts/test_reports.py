"""Reports of posts and comments, and what moderators decide about them."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from posts.config import Settings
from posts.main import create_app
from posts.services.retention import RETENTION
from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, event, gone
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Desk, outcome
from tests.posts.telling import tell


async def test_a_case_holds_what_people_have_reported_of_one_thing(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk
) -> None:
    ada = peers.new_account("Ada")
    post = (await write(ada, title="Buy now", body="x" * 800))["id"]
    said = await desk.comment(post, ada, "Buy here.")
    for reason in ("spam", "spam", "illegal"):
        assert (await desk.report(f"{post}", reason=reason, note="Again.")).status_code == 201
    assert (await desk.report(f"{post}/comments/{said}", reason="other")).status_code == 201
    of_post, of_comment = await desk.cases(post)
    assert {name: of_post[name] for name in ("comment_id", "status", "title", "excerpt", "decided_at")} == {
        "comment_id": None,
        "status": "open",
        "title": "Buy now",
        "excerpt": "x" * 500,
        "decided_at": None,
    }
    assert (of_post["reports_count"], of_post["reasons"]) == (3, {"spam": 2, "illegal": 1})
    assert of_post["opened_at"] < of_post["latest_at"]
    assert of_post["author"]["id"] == ada
    assert (of_comment["comment_id"], of_comment["excerpt"], of_comment["reasons"]) == (said, "Buy here.", {"other": 1})
    told = await desk.walk(f"/posts/moderation/cases/{of_post['id']}/reports?limit=2", desk.moderating)
    assert [(one["reason"], one["note"]) for one in told] == [
        ("spam", "Again."),
        ("spam", "Again."),
        ("illegal", "Again."),
    ]
    assert len({one["reporter_id"] for one in told}) == 3


async def test_a_repetition_is_the_first_report_until_somebody_decides(
    peers: Peers, write: NewPost, desk: Desk
) -> None:
    post = (await write(peers.new_account()))["id"]
    bob = desk.person()
    first = await desk.report(f"{post}", bob, reason="spam", note="one")
    again = await desk.report(f"{post}", bob, reason="hate", note="two")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    (case,) = await desk.cases(post)
    assert case["reports_count"] == 1
    assert outcome(await desk.decide(case["id"], "dismiss")) == (204, None)
    assert await desk.cases(post) == []
    (dismissed,) = await desk.cases(post, "dismissed")
    assert (dismissed["id"], dismissed["status"], dismissed["reports_count"]) == (case["id"], "dismissed", 1)
    assert dismissed["decided_at"] is not None
    later = await desk.report(f"{post}", bob, reason="hate")
    assert later.json()["id"] != first.json()["id"]
    (reopened,) = await desk.cases(post)
    assert reopened["id"] != case["id"]


async def test_nobody_reports_their_own_or_what_they_cannot_see(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk
) -> None:
    ada, bob = peers.new_account(), peers.new_account()
    post, draft = (await write(ada))["id"], (await write(ada, status="draft"))["id"]
    said, other = await desk.comment(post, bob), (await write(ada))["id"]
    for path, person, expected in (
        (f"{post}", ada, (403, "own-content")),
        (f"{post}/comments/{said}", bob, (403, "own-content")),
        (f"{draft}", ada, (404, "post-not-found")),
        (f"{draft}", bob, (404, "post-not-found")),
        ("9007199254740991", bob, (404, "post-not-found")),
        (f"{other}/comments/{said}", ada, (404, "comment-not-found")),
        (f"{draft}/comments/{said}", ada, (404, "comment-not-found")),
    ):
        assert outcome(await desk.report(path, desk.person(person))) == expected, path
    for bad in ({"reason": "dull"}, {}, {"reason": "spam", "note": "x" * 1001}, {"reason": "spam", "reporter_id": 1}):
        reply = await client.post(f"/posts/{post}/reports", json=bad, headers=desk.person())
        assert reply.status_code == 422, bad
    assert await desk.cases(post) == []


async def test_a_block_does_not_keep_anybody_from_reporting(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk
) -> None:
    """Who is blocked reads the post as everybody does; a block must not shield what the blocker wrote."""
    ada, bob = peers.new_account(), peers.new_account()
    post = (await write(ada))["id"]
    await tell(client, peers, "users", event("block", {"active": True}, ada, bob))
    assert outcome(await desk.report(f"{post}", desk.person(bob))) == (201, None)


async def test_a_report_never_tells_the_author_who_it_was(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk, outbox: Outbox
) -> None:
    ada, bob = peers.new_account(), peers.new_account()
    post = (await write(ada))["id"]
    assert (await desk.report(f"{post}", desk.person(bob), note="Bob says so.")).status_code == 201
    (case,) = await desk.cases(post)
    assert (await desk.decide(case["id"], "remove")).status_code == 204
    for path in ("/posts/removed", f"/posts/{post}", "/posts/moderation/cases", "/posts/moderation/removed"):
        seen = await client.get(path, headers=desk.person(ada))
        assert str(bob) not in seen.text
        assert str(desk.moderator) not in seen.text
        assert "Bob says so." not in seen.text


@pytest.mark.parametrize("kind", ["post", "comment"])
async def test_a_removed_thing_is_gone_and_its_author_keeps_a_copy(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk, kind: str
) -> None:
    ada = peers.new_account("Ada")
    post = (await write(ada, description="About it", tags=["night"]))["id"]
    said = await desk.comment(post, ada) if kind == "comment" else None
    case = await desk.reported(post, said)
    assert outcome(await desk.decide(case, "remove", reason="hate", note="Not here.")) == (204, None)
    path = f"/posts/{post}" if said is None else f"/posts/{post}/comments/{said}"
    assert (await client.get(path)).status_code == 404
    assert await desk.cases(post) == []
    assert outcome(await desk.decide(case, "remove")) == (404, "case-not-found")
    (copy,) = await desk.removed(ada)
    assert (copy["reason"], copy["note"], copy["post_id"], copy["comment_id"]) == ("hate", "Not here.", post, said)
    wanted = ("First light", "About it", "It was a clear night.", ["night"])
    assert (copy["title"], copy["description"], copy["body"], copy["tags"]) == (
        wanted if said is None else ("", "", "Well seen.", [])
    )
    assert copy.keys().isdisjoint({"moderator_id", "author"})
    assert await desk.removed(peers.new_account()) == []
    (seen, *_) = await desk.walk("/posts/moderation/removed", desk.moderating)
    assert (seen["id"], seen["moderator_id"], seen["author"]["id"]) == (copy["id"], desk.moderator, ada)
    if said is not None:
        assert (await client.get(f"/posts/{post}")).json()["comments_count"] == 0


async def test_a_decision_is_told_to_the_audit_trail(peers: Peers, write: NewPost, desk: Desk, outbox: Outbox) -> None:
    ada = peers.new_account()
    post = (await write(ada))["id"]
    said = await desk.comment(post, ada)
    assert (await desk.decide(await desk.reported(post, said), "dismiss")).status_code == 204
    assert (await desk.decide(await desk.reported(post), "remove", reason="illegal")).status_code == 204
    rows = await outbox.rows(
        "SELECT data->>'kind' AS kind, (data->>'id')::bigint AS id, (data->>'author')::bigint AS author,"
        " data->>'act' AS act, data->>'reason' AS reason FROM outbox"
        " WHERE type = 'moderation' AND (data->>'moderator')::bigint = $1 ORDER BY occurred_at",
        desk.moderator,
    )
    assert [dict(row) for row in rows] == [
        {"kind": "comment", "id": said, "author": ada, "act": "dismissed", "reason": ""},
        {"kind": "post", "id": post, "author": ada, "act": "removed", "reason": "illegal"},
    ]


async def test_moderators_do_not_decide_about_what_they_wrote(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk
) -> None:
    """Nor see who reported it. But they do about a comment below their own post, as moderators: it is audited, and the
    author keeps a copy."""
    ada = peers.new_account()
    post = (await write(desk.moderator))["id"]
    said = await desk.comment(post, ada)
    own, theirs = await desk.reported(post), await desk.reported(post, said)
    for how in ("dismiss", "remove"):
        assert outcome(await desk.decide(own, how)) == (403, "own-content")
        assert outcome(await desk.decide(own, how, desk.person())) == (403, "not-for-this-caller")
    assert [case["id"] for case in await desk.cases(post)] == [own, theirs]
    hers = (await write(ada))["id"]
    for case in (own, await desk.reported(hers, await desk.comment(hers, desk.moderator))):
        path = f"/posts/moderation/cases/{case}/reports"
        assert outcome(await client.get(path, headers=desk.moderating)) == (403, "own-content")
        another = peers.issuer.person(peers.new_account(), "moderator")
        assert len((await client.get(path, headers=another)).json()["items"]) == 1
    assert (await desk.decide(theirs, "remove")).status_code == 204
    assert [copy["comment_id"] for copy in await desk.removed(ada)] == [said]


async def test_a_case_goes_with_its_target(client: AsyncClient, peers: Peers, write: NewPost, desk: Desk) -> None:
    ada = peers.new_account()
    post = (await write(ada))["id"]
    cases = [await desk.reported(post), await desk.reported(post, await desk.comment(post, ada))]
    assert (await client.delete(f"/posts/{post}", headers=desk.person(ada))).status_code == 204
    for case in cases:
        for how in ("dismiss", "remove"):
            assert outcome(await desk.decide(case, how)) == (404, "case-not-found")
        assert await desk.walk(f"/posts/moderation/cases/{case}/reports", desk.moderating) == []
    assert await desk.removed(ada) == []


async def test_of_many_decisions_at_once_one_counts(
    peers: Peers, write: NewPost, desk: Desk, signed_in: SignedIn, outbox: Outbox
) -> None:
    """Race: each case has one decision, one line for the audit trail, and one copy if it was a removal."""
    ada = peers.new_account()
    moderators = [peers.new_account() for _ in range(6)]
    for number in range(6):
        post = (await write(ada))["id"]
        case = await desk.reported(post, await desk.comment(post, ada) if number % 2 else None)
        decisions = [
            desk.decide(case, how, signed_in(one, "moderator"))
            for one, how in zip(moderators, ("dismiss", "remove") * 3, strict=True)
        ]
        replies = [outcome(reply) for reply in await asyncio.gather(*decisions)]
        assert replies.count((204, None)) == 1
        assert set(replies) <= {(204, None), (404, "case-not-found"), (409, "case-decided")}
    lines = await outbox.rows(
        "SELECT data->>'act' AS act FROM outbox WHERE type = 'moderation' AND (data->>'author')::bigint = $1", ada
    )
    assert len(lines) == 6
    assert len(await desk.removed(ada)) == [line["act"] for line in lines].count("removed")


async def test_reports_decisions_and_deletions_at_once_leave_no_trace_of_each_other(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk, outbox: Outbox
) -> None:
    """Race: nothing waits for itself, no report is lost or doubled, and a case has the reports since it opened."""
    ada, bob = peers.new_account(), desk.person()
    for number in range(6):
        post = (await write(ada))["id"]
        said = await desk.comment(post, ada)
        case = await desk.reported(post, said)
        gone = (f"/posts/{post}", f"/posts/{post}/comments/{said}")[number % 2]
        work: list[Any] = [desk.report(f"{post}/comments/{said}") for _ in range(4)]
        work += [desk.report(f"{post}", bob) for _ in range(4)]
        work += [client.delete(gone, headers=desk.person(ada)), desk.decide(case, ("dismiss", "remove")[number // 3])]
        replies = [outcome(reply) for reply in await asyncio.gather(*work)]
        assert {status for status, _ in replies} <= {201, 204, 404, 409}, replies
        for left in await desk.cases(post):
            told = await desk.walk(f"/posts/moderation/cases/{left['id']}/reports", desk.moderating)
            assert left["reports_count"] == len(told) == len({one["reporter_id"] for one in told}) > 0


async def test_reports_are_limited_by_person(settings: Settings, peers: Peers, write: NewPost) -> None:
    ada, bob = peers.new_account(), peers.new_account()
    post = (await write(ada))["id"]
    app = create_app(settings.model_copy(update={"rate_limits": True, "rate_limit_reports": 2}), peers)
    transport = ASGITransport(app, raise_app_exceptions=False)
    limited = AsyncClient(transport=transport, base_url="http://posts.test")
    async with app.router.lifespan_context(app), limited:
        await app.state.revoked.read()

        async def report(account: int) -> tuple[int, Any]:
            headers = peers.issuer.person(account)
            return outcome(await limited.post(f"/posts/{post}/reports", json={"reason": "spam"}, headers=headers))

        assert [await report(bob) for _ in range(3)] == [(201, None), (201, None), (429, "rate-limited")]
        assert await report(peers.new_account()) == (201, None)


async def test_copies_and_dismissed_cases_are_forgotten_after_90_days(
    app: FastAPI, peers: Peers, write: NewPost, desk: Desk, outbox: Outbox
) -> None:
    ada = peers.new_account()
    posts = [(await write(ada))["id"] for _ in range(4)]
    cases = [await desk.reported(post) for post in posts]
    for case, how in zip(cases, ("dismiss", "remove") * 2, strict=True):
        assert (await desk.decide(case, how)).status_code == 204
    await outbox.rows("UPDATE cases SET decided_at = now() - interval '91 days' WHERE id = $1", cases[0])
    await outbox.rows("UPDATE removals SET removed_at = now() - interval '91 days' WHERE post_id = $1", posts[1])
    await outbox.rows("UPDATE removals SET removed_at = now() - interval '89 days' WHERE post_id = $1", posts[3])
    await RETENTION.apply(app.state.transactions)
    assert await desk.cases(posts[0], "dismissed") == []
    assert [case["id"] for case in await desk.cases(posts[2], "dismissed")] == [cases[2]]
    assert [copy["post_id"] for copy in await desk.removed(ada)] == [posts[3]]


async def test_a_moderator_who_is_deleted_is_no_longer_named(
    app: FastAPI, client: AsyncClient, peers: Peers, write: NewPost, desk: Desk
) -> None:
    ada = peers.new_account()
    post = (await write(ada))["id"]
    assert (await desk.decide(await desk.reported(post), "remove")).status_code == 204
    await tell(client, peers, "auth", gone(desk.moderator))
    await erase(app.state.eraser)
    (copy,) = await desk.removed(ada)
    other = peers.issuer.person(peers.new_account(), "admin")
    seen = await desk.walk("/posts/moderation/removed", other)
    assert [one["moderator_id"] for one in seen if one["id"] == copy["id"]] == [None]
