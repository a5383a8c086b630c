"""posts' authorization matrix: each operation by each kind of caller (S-31, S-31b). Mechanism: `tests/matrix.py`."""

import secrets
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.callers import callers, keys_of
from tests.events import Outbox
from tests.matrix import Matrix
from tests.matrix_table import complaints, read
from tests.parked import ACT, park
from tests.peers import Peers, ended, event
from tests.pictures import sent, uploaded
from tests.posts.conftest import NewPost

# Callers: anonymous; the owner of the thing; another person; one whom the owner has blocked; a moderator; an admin;
# people whose tokens are no longer valid (account disabled, session ended); the three services; a service's token for
# another; the owner's API key with all scopes. Things: the owner's published post; the owner's draft; the owner's
# comment on another's post; another's comment on the owner's post; the owner's reported post, a reported comment, and a
# post that was removed; a parked event; a picture that is uploaded, or shown. Internal: events of users and of auth.
TABLE = """
method path                                thing   anon  owner other block moder admin gone  users posts auth  stray key
GET    /posts                              post    200   200   200   200   200   200   401   403   403   403   401   200
GET    /posts?author_id={author_id}        draft   200   200   200   200   200   200   401   403   403   403   401   200
POST   /posts                              new     401   201   201   201   201   201   401   403   403   403   401   201
GET    /posts/numbered                     post    200   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/numbered?author_id={author_id} draft  200  200   200   200   200   200   401   403   403   403   401   200
GET    /posts/numbered?liked_by={author_id} draft  403   200   403   403   403   403   401   403   403   403   401   200
GET    /posts/numbered?feed=true           post    422   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/by-slug/{slug}               post    200   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/by-slug/{slug}               draft   404   200   404   404   404   404   401   403   403   403   401   200
PUT    /posts/feed/follows/{user_id}       none    401   204   204   204   204   204   401   403   403   403   401   204
GET    /posts/feed                         post    401   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/drafts                       draft   401   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/feeds/latest.atom draft              200   200   200   200   200   200   200   200   200   200   200   200
GET    /posts/feeds/people/{author_id}.atom draft  200   200   200   200   200   200   200   200   200   200   200   200
GET    /posts/feeds/tags/{tag}.atom post           200   200   200   200   200   200   200   200   200   200   200   200
GET    /posts/tags                         draft   200   200   200   200   200   200   200   200   200   200   200   200
GET    /posts/{post_id}                    post    200   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/{post_id}                    draft   404   200   404   404   404   404   401   403   403   403   401   200
PATCH  /posts/{post_id}                    post    401   200   403   403   403   403   401   403   403   403   401   200
PATCH  /posts/{post_id}                    draft   401   200   404   404   404   404   401   403   403   403   401   200
DELETE /posts/{post_id}                    post    401   204   403   403   204   204   401   403   403   403   401   204
DELETE /posts/{post_id}                    draft   401   204   404   404   404   404   401   403   403   403   401   204
PUT    /posts/{post_id}/like               post    401   204   204   403   204   204   401   403   403   403   401   204
PUT    /posts/{post_id}/like               draft   401   404   404   404   404   404   401   403   403   403   401   404
DELETE /posts/{post_id}/like               post    401   204   204   204   204   204   401   403   403   403   401   204
DELETE /posts/{post_id}/like               draft   401   204   204   204   204   204   401   403   403   403   401   204
GET    /posts/{post_id}/comments           theirs  200   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/{post_id}/comments           draft   404   404   404   404   404   404   401   403   403   403   401   404
POST   /posts/{post_id}/comments           post    401   201   201   403   201   201   401   403   403   403   401   201
POST   /posts/{post_id}/comments           draft   401   404   404   404   404   404   401   403   403   403   401   404
GET    /posts/{post_id}/comments/{comment_id} theirs 200  200  200   200   200   200   200   200   200   200   200   200
PATCH  /posts/{post_id}/comments/{comment_id} comment 401 200  403   403   403   403   401   403   403   403   401   200
PATCH  /posts/{post_id}/comments/{comment_id} theirs 401  403  403   403   403   403   401   403   403   403   401   403
DELETE /posts/{post_id}/comments/{comment_id} comment 401 204  403   403   204   204   401   403   403   403   401   204
DELETE /posts/{post_id}/comments/{comment_id} theirs 401  204  403   403   204   204   401   403   403   403   401   204
POST   /posts/pictures                     none    401   200   200   200   200   200   401   403   403   403   401   200
PUT    /posts/pictures/{name}/original?{link} upload 204 204   204   204   204   204   204   204   204   204   204   204
PUT    /posts/pictures/{name}/finished     upload  401   200   404   404   404   404   401   403   403   403   401   200
GET    /posts/pictures/{file}              shown   200   200   200   200   200   200   200   200   200   200   200   200
GET    /posts/admin/parked-events          none    401   403   403   403   403   200   401   403   403   403   401   403
POST   /posts/admin/parked-events/replay   parked  401   403   403   403   403   204   401   403   403   403   401   403
POST   /posts/admin/parked-events/drop     parked  401   403   403   403   403   204   401   403   403   403   401   403
POST   /posts/{post_id}/reports            post    401   403   201   201   201   201   401   403   403   403   401   403
POST   /posts/{post_id}/reports            draft   401   404   404   404   404   404   401   403   403   403   401   403
POST   /posts/{post_id}/comments/{comment_id}/reports comment 401 403 201 201 201 201 401 403   403   403   401   403
POST   /posts/{post_id}/comments/{comment_id}/reports theirs 401 201 201 201 201 201 401 403   403   403   401   403
GET    /posts/removed                      removed 401   200   200   200   200   200   401   403   403   403   401   200
GET    /posts/moderation/cases             case    401   403   403   403   200   200   401   403   403   403   401   403
GET    /posts/moderation/cases/{case_id}/reports case 401 403  403   403   200   200   401   403   403   403   401   403
POST   /posts/moderation/cases/{case_id}/dismiss case 401 403  403   403   204   204   401   403   403   403   401   403
POST   /posts/moderation/cases/{case_id}/remove case 401  403  403   403   204   204   401   403   403   403   401   403
POST   /posts/moderation/cases/{case_id}/remove said 401  403  403   403   204   204   401   403   403   403   401   403
GET    /posts/moderation/removed           removed 401   403   403   403   200   200   401   403   403   403   401   403
POST   /internal/events                    follow  401   403   403   403   403   403   401   204   403   403   401   403
POST   /internal/events                    ended   401   403   403   403   403   403   401   403   403   204   401   403
GET    /internal/authors                   post    401   403   403   403   403   403   401   200   403   403   401   403
GET    /internal/export/{account_id}       draft   401   403   403   403   403   403   401   200   403   403   401   403
GET    /livez                              none    200   200   200   200   200   200   200   200   200   200   200   200
GET    /readyz                             none    200   200   200   200   200   200   200   200   200   200   200   200
GET    /metrics                            none    200   200   200   200   200   200   200   200   200   200   200   200
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {
    "POST /posts/admin/parked-events/replay": ACT,
    "POST /posts/admin/parked-events/drop": ACT,
    "POST /posts": {"title": "First light", "body": "It was a clear night."},
    "PATCH /posts/{post_id}": {"title": "Second light"},
    "POST /posts/{post_id}/comments": {"body": "Well seen."},
    "PATCH /posts/{post_id}/comments/{comment_id}": {"body": "Better seen."},
    "POST /posts/{post_id}/reports": {"reason": "spam"},
    "POST /posts/{post_id}/comments/{comment_id}/reports": {"reason": "harassment", "note": "Not the first time."},
    "POST /posts/moderation/cases/{case_id}/remove": {"reason": "spam"},
    "POST /internal/events follow": {"events": [event("follow", {"active": True}, 5, 6)]},
    "POST /internal/events ended": {"events": [ended(str(uuid.uuid4()))]},
}
PRIVATE = {"secret": {"owner", "users", "key"}}
"""A draft's title is visible to its author, and to users, which makes the author's export."""


@pytest.fixture
async def matrix(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, write: NewPost
) -> AsyncIterator[Matrix]:
    people, headers = await callers(app, client, peers, "posts")
    owner, host = people["owner"], peers.new_account("Host")
    for account in (*people.values(), host):  # otherwise they would arrive in a cell that must change nothing
        await write(account, status="draft")
    block = event("block", {"active": True}, owner, people["block"])
    told = await client.post("/internal/events", json={"events": [block]}, headers=headers["users"][0])
    assert told.status_code == 204, told.text

    connection = await asyncpg.connect(outbox.dsn)

    async def thing(name: str) -> dict[str, Any]:
        if name == "parked":
            return await park(connection)
        await connection.execute("DELETE FROM pictures")  # a person may have three unfinished ones
        if name in ("upload", "shown"):
            return await a_picture(client, headers["owner"][0], name)
        secret = secrets.token_hex(8)
        author, commenter = (host, owner) if name == "comment" else (owner, host)
        status = "draft" if name == "draft" else "published"
        post = await write(author, title=secret, tags=["t" + secret], status=status)
        values = {"author_id": owner, "account_id": owner, "post_id": post["id"], "slug": post["slug"], "user_id": host}
        values["tag"] = f"t{secret}"
        if name in ("comment", "theirs", "said"):
            said = await client.post(
                f"/posts/{post['id']}/comments", json={"body": "Seen."}, headers=peers.issuer.person(commenter)
            )
            values["comment_id"] = said.json()["id"]
        if name in ("case", "said"):
            path = f"/posts/{post['id']}" + (f"/comments/{values['comment_id']}" if name == "said" else "")
            reporter = peers.issuer.person(people["other"])
            reply = await client.post(f"{path}/reports", json={"reason": "spam"}, headers=reporter)
            assert reply.status_code == 201, reply.text
            values["case_id"] = await connection.fetchval("SELECT max(id) FROM cases WHERE post_id = $1", post["id"])
        if name == "removed":
            gone = await client.delete(f"/posts/{post['id']}", headers=headers["moder"][0])
            assert gone.status_code == 204, gone.text
        return values | ({"secret": secret} if name == "draft" else {})

    yield Matrix(app, client, connection, LINES, headers, thing, BODIES, PRIVATE, keys_of(peers, people["owner"]))
    await connection.close()


async def a_picture(client: AsyncClient, owner: Mapping[str, str], name: str) -> dict[str, Any]:
    """One that is uploaded, or also finished."""
    if name == "upload":
        return await sent(client, "posts", dict(owner))
    found = await uploaded(client, "posts", dict(owner))
    return {"file": f"{found['name']}.webp"}


def test_every_operation_has_its_line(app: FastAPI) -> None:
    """S-31: deny by default."""
    assert complaints(app, LINES, "tests/posts/test_matrix.py") == []


async def test_everybody_gets_what_the_table_says(matrix: Matrix) -> None:
    """S-28, S-29, S-31, S-31b: 0 wrong cells, no private values, no field beyond the schema."""
    assert await matrix.try_cells() == []
    assert matrix.told == {(name, caller) for name, callers in PRIVATE.items() for caller in callers}


async def test_no_other_verb_gains_anything(matrix: Matrix) -> None:
    """S-31, S-43: neither as the method nor in a header or a parameter."""
    assert await matrix.try_other_verbs() == []
    assert await matrix.try_overrides() == []


async def test_nothing_can_be_assigned_that_is_not_the_callers(matrix: Matrix) -> None:
    """S-31b"""
    assert await matrix.try_assignments() == []


async def test_a_key_needs_the_scope_that_the_document_names(matrix: Matrix) -> None:
    """S-31, RFC 6750"""
    assert await matrix.try_scopes() == []
