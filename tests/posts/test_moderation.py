"""Removals by moderators are sent to auth's audit trail; people's own deletions are not."""

from typing import Any

from httpx import ASGITransport, AsyncClient

from posts.config import Settings
from posts.main import create_app
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.telling import tell

Told = list[dict[str, Any]]


async def removals(outbox: Outbox, by: int) -> Told:
    rows = await outbox.rows(
        "SELECT target, data->>'kind' AS kind, (data->>'id')::bigint AS id, (data->>'author')::bigint AS author,"
        " data->>'reason' AS reason"
        " FROM outbox WHERE type = 'moderation' AND (data->>'moderator')::bigint = $1 ORDER BY occurred_at",
        by,
    )
    return [dict(row) for row in rows]


async def comment(client: AsyncClient, post_id: int, headers: dict[str, str]) -> int:
    reply = await client.post(f"/posts/{post_id}/comments", json={"body": "b"}, headers=headers)
    assert reply.status_code == 201, reply.text
    return int(reply.json()["id"])


async def test_a_moderator_s_removal_of_what_another_wrote_is_told_with_whose_it_was(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    ada, bob = peers.new_account(), peers.new_account()
    for role in ("moderator", "admin"):
        account = peers.new_account()
        headers = signed_in(account, role)
        post = (await write(ada))["id"]
        said = await comment(client, post, signed_in(bob))
        assert (await client.delete(f"/posts/{post}/comments/{said}", headers=headers)).status_code == 204
        assert (await client.delete(f"/posts/{post}", headers=headers)).status_code == 204
        assert await removals(outbox, account) == [
            {"target": "auth", "kind": "comment", "id": said, "author": bob, "reason": "other"},
            {"target": "auth", "kind": "post", "id": post, "author": ada, "reason": "other"},
        ]


async def test_what_is_ones_own_to_remove_is_nobody_else_s_concern(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    """A moderator's own post, their own comment, and another's comment under their post."""
    ada, moderator = peers.new_account(), peers.new_account()
    headers = signed_in(moderator, "moderator")
    own, hers = (await write(moderator))["id"], (await write(ada))["id"]
    for post, author in ((own, signed_in(ada)), (hers, headers)):
        said = await comment(client, post, author)
        assert (await client.delete(f"/posts/{post}/comments/{said}", headers=headers)).status_code == 204
    assert (await client.delete(f"/posts/{own}", headers=headers)).status_code == 204
    assert await removals(outbox, moderator) == []


async def test_a_removal_that_was_refused_is_not_told(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    ada, moderator = peers.new_account(), peers.new_account()
    post = (await write(ada))["id"]
    said = await comment(client, post, signed_in(ada))
    stale = {**signed_in(moderator, "moderator"), "If-Match": '"9-x"'}
    for path in (f"/posts/{post}/comments/{said}", f"/posts/{post}"):
        assert (await client.delete(path, headers=stale)).status_code == 412
        assert (await client.delete(path, headers=signed_in(moderator))).status_code == 403
    assert await removals(outbox, moderator) == []


async def test_a_comment_of_somebody_who_was_deleted_is_nobody_s(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    ada, bob, moderator = peers.new_account(), peers.new_account(), peers.new_account()
    post = (await write(ada))["id"]
    said = await comment(client, post, signed_in(bob))
    await tell(client, peers, "auth", gone(bob))
    await outbox.rows("UPDATE comments SET author_id = NULL WHERE author_id = $1", bob)
    headers = signed_in(moderator, "moderator")
    assert (await client.delete(f"/posts/{post}/comments/{said}", headers=headers)).status_code == 204
    assert await removals(outbox, moderator) == [
        {"target": "auth", "kind": "comment", "id": said, "author": None, "reason": "other"}
    ]


async def test_a_moderator_without_a_second_factor_is_a_person_like_others_if_the_site_says_so(
    settings: Settings, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    """S-63"""
    ada, moderator = peers.new_account(), peers.new_account()
    post = (await write(ada))["id"]
    app = create_app(settings.model_copy(update={"admin_second_factor": True}), peers)
    transport = ASGITransport(app, raise_app_exceptions=False)
    strict = AsyncClient(transport=transport, base_url="http://posts.test")
    async with app.router.lifespan_context(app), strict:
        await app.state.revoked.read()
        refused = await strict.delete(f"/posts/{post}", headers=signed_in(moderator, "moderator"))
        assert (refused.status_code, refused.json()["code"]) == (403, "not-the-author")
        claims = {**peers.issuer.claims(moderator, "moderator"), "amr": ["pwd", "otp", "mfa"]}
        proven = {"Authorization": f"Bearer {peers.issuer.sign(claims)}"}
        assert (await strict.delete(f"/posts/{post}", headers=proven)).status_code == 204
