"""`ETag`, `If-None-Match` and `If-Match` on posts and comments."""

import asyncio

import pytest
from httpx import AsyncClient

from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn


async def test_an_answer_is_left_out_while_nothing_has_changed_for_its_viewer(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, reader = peers.new_account(), signed_in(peers.new_account())
    path = f"/posts/{(await write(ada))['id']}"
    first = await client.get(path, headers=reader)
    tag = first.headers["etag"]
    assert tag.startswith('"1-')
    again = await client.get(path, headers=reader | {"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for reply in (first, again):
        assert "Authorization" in reply.headers["vary"]
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200  # `liked` is null for others

    await client.put(f"{path}/like", headers=reader)
    liked = await client.get(path, headers=reader | {"If-None-Match": tag})
    assert (liked.status_code, liked.json()["liked"]) == (200, True)
    assert liked.headers["etag"].startswith('"1-')
    assert liked.headers["etag"] != tag


async def test_what_created_or_changed_a_post_answers_with_the_tag_that_reading_it_has(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = signed_in(peers.new_account())
    created = await client.post("/posts", json={"title": "t", "body": "b"}, headers=ada)
    path = created.headers["location"]
    assert (await client.get(path, headers=ada)).headers["etag"] == created.headers["etag"]
    changed = await client.patch(path, json={"title": "u"}, headers=ada)
    assert changed.headers["etag"].startswith('"2-')
    assert (await client.get(path, headers=ada)).headers["etag"] == changed.headers["etag"]


async def test_of_twenty_edits_with_one_tag_one_wins(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    path = f"/posts/{(await write(ada))['id']}"
    headers = signed_in(ada)
    await client.put(f"{path}/like", headers=headers)  # changes the tag, and not the version
    tag = {"If-Match": (await client.get(path)).headers["etag"]}
    replies = await asyncio.gather(
        *(client.patch(path, json={"title": f"by {n}"}, headers=headers | tag) for n in range(20))
    )
    won = [reply for reply in replies if reply.status_code == 200]
    lost = [(reply.status_code, reply.json()["code"]) for reply in replies if reply.status_code != 200]
    assert lost == [(412, "precondition-failed")] * 19
    assert (await client.get(path)).json()["title"] == won[0].json()["title"]
    assert won[0].headers["etag"].startswith('"2-')


async def test_an_edit_without_a_condition_is_made(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    path = f"/posts/{(await write(ada))['id']}"
    for condition in ({}, {"If-Match": "*"}, {"If-Match": '"7", "3-ff"'}):
        reply = await client.patch(path, json={"title": "t"}, headers=signed_in(ada) | condition)
        assert reply.status_code == 200, reply.text


async def test_conditions_in_several_lines_are_one_list(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    """RFC 9110, section 5.3; the document declares it as a text, since nearly all clients send one line."""
    ada = peers.new_account()
    path = f"/posts/{(await write(ada))['id']}"
    for lines, status in (('"7"', '"8"'), 412), (('"7"', '"1-ff"'), 200):
        headers = [*signed_in(ada).items(), *(("If-Match", line) for line in lines)]
        assert (await client.patch(path, json={"title": "t"}, headers=headers)).status_code == status


@pytest.mark.parametrize("condition", ['"2-00"', 'W/"1-00"', "1", '"one"', ""])
async def test_what_is_meant_for_another_version_changes_nothing(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, condition: str
) -> None:
    ada = peers.new_account()
    post = await write(ada)
    path, headers = f"/posts/{post['id']}", signed_in(ada) | {"If-Match": condition}
    comment = await client.post(f"{path}/comments", json={"body": "b"}, headers=signed_in(ada))
    remark = comment.headers["location"]
    for reply in (
        await client.patch(path, json={"title": "changed"}, headers=headers),
        await client.patch(path, json={}, headers=headers),
        await client.delete(path, headers=headers),
        await client.patch(remark, json={"body": "changed"}, headers=headers),
        await client.delete(remark, headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (412, "precondition-failed")
    assert (await client.get(path)).json() == post | {"liked": None, "comments_count": 1}
    assert (await client.get(f"{path}/comments")).json()["items"] == [comment.json()]


async def test_a_missing_or_foreign_thing_is_told_as_such_whatever_the_condition(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    """RFC 9110, section 13.2.1: conditions come after all other checks."""
    path = f"/posts/{(await write(peers.new_account()))['id']}"
    stranger = signed_in(peers.new_account()) | {"If-Match": '"9-0"'}
    assert (await client.patch(path, json={"title": "t"}, headers=stranger)).status_code == 403
    assert (await client.delete("/posts/999999999", headers=stranger)).status_code == 404


async def test_of_twenty_edits_of_a_comment_with_one_tag_one_wins(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    path = f"/posts/{(await write(ada))['id']}/comments"
    comment = await client.post(path, json={"body": "b"}, headers=signed_in(ada))
    headers = signed_in(ada) | {"If-Match": comment.headers["etag"]}
    place = comment.headers["location"]
    replies = await asyncio.gather(*(client.patch(place, json={"body": f"by {n}"}, headers=headers) for n in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 19
    won = next(reply for reply in replies if reply.status_code == 200)
    gone = await client.delete(place, headers=signed_in(ada) | {"If-Match": won.headers["etag"]})
    assert gone.status_code == 204
