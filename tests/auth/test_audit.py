"""The audit trail: its content, its protection against changes, and the cost of reading it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.config import Settings
from auth.services.records import Role
from tests.auth.conftest import (
    PASSWORD,
    SERVER,
    Connection,
    Join,
    Manage,
    Member,
    ServiceSignIn,
    SignIn,
    bearer,
    new_email,
    outcome,
    patch,
)
from tests.auth.mails import mails
from tests.cursors import forge
from tests.peers import removal
from tests.waiting import until_blocked


async def trail(client: AsyncClient, by: Member, **params: Any) -> list[dict[str, Any]]:
    reply = await client.get("/auth/audit", params={"limit": 100, **params}, headers=by.headers)
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def test_who_signs_up_is_noted_without_their_address(client: AsyncClient, join: Join) -> None:
    """S-46"""
    admin = await join(Role.admin)
    email = new_email()
    person = {"email": email, "password": PASSWORD, "name": "Ada"}
    account_id = (await client.post("/auth/register", json=person)).json()["id"]
    (line,) = await trail(client, admin, account_id=account_id)
    assert line == {
        "id": line["id"],
        "at": line["at"],
        "action": "registered",
        "account_id": account_id,
        "actor": str(account_id),
        "ip": "127.0.0.1",
        "detail": {"email": "p***@example.com", "via": "password"},
    }
    assert (await client.post("/auth/register", json=person)).status_code == 409
    assert len(await trail(client, admin, account_id=account_id)) == 1, "nobody signed up the second time"


async def test_every_act_of_an_admin_and_of_the_server_is_noted(
    client: AsyncClient, join: Join, sign_in: SignIn, manage: Manage
) -> None:
    """S-31c: actor, action, account, source, and the previous value."""
    admin, ada = await join(Role.admin), await join()
    await patch(client, admin, ada.id, roles=["moderator"])
    await patch(client, admin, ada.id, status="disabled", roles=[])
    await patch(client, admin, ada.id, status="disabled")
    await client.delete(f"/auth/accounts/{ada.id}/sessions", headers=admin.headers)
    await patch(client, admin, admin.id, roles=["root"])
    await manage(lambda management: management.grant(ada.person.email, Role.moderator, SERVER))
    await manage(lambda management: management.revoke_all_tokens(SERVER))
    admin = Member(admin.person, (await sign_in(admin.person)).json())  # the previous token is refused within a second
    own = await trail(client, admin, actor=str(admin.id), account_id=ada.id)
    assert [(line["action"], line["detail"]) for line in own] == [
        ("all-sessions-ended", {"sessions": 0}),
        ("roles-changed", {"before": ["moderator"], "after": []}),
        ("status-changed", {"before": "active", "after": "disabled"}),
        ("roles-changed", {"before": [], "after": ["moderator"]}),
    ]
    assert all(line["ip"] == "127.0.0.1" for line in await trail(client, admin, actor=str(admin.id)))
    everybody, granted, *_ = await trail(client, admin, actor="server")
    assert (everybody["action"], everybody["account_id"], everybody["ip"]) == ("tokens-revoked", None, None)
    assert (granted["action"], granted["account_id"]) == ("roles-changed", ada.id)


async def test_the_trail_is_read_in_pages_and_by_what_one_looks_for(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    admin, ada = await join(Role.admin), await join()
    begin = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(5):
        await patch(client, admin, ada.id, roles=["moderator"] if number % 2 == 0 else [])
    whole = await trail(client, admin)
    assert [line["at"] for line in whole] == sorted((line["at"] for line in whole), reverse=True)
    walked: list[dict[str, Any]] = []
    url: str | None = "/auth/audit?limit=3"
    while url:
        reply = await client.get(url, headers=admin.headers)
        walked += reply.json()["items"]
        url = reply.links["next"]["url"] if "next" in reply.links else None
    assert walked[: len(whole)] == whole
    assert len({line["id"] for line in walked}) == len(walked)
    changes = await trail(client, admin, account_id=ada.id, action="roles-changed")
    assert len(changes) == 5
    between = {"from": changes[3]["at"], "to": changes[1]["at"]}
    assert await trail(client, admin, account_id=ada.id, **between) == changes[2:4]
    assert await trail(client, admin, to=begin.isoformat(), account_id=ada.id, action="roles-changed") == []


@pytest.mark.parametrize(
    "params",
    [{"action": "nothing"}, {"account_id": "x"}, {"from": "yesterday"}, {"from": "2026-01-01T00:00:00"},
     {"to": "0001-01-01T00:00:00+14:00"}, {"to": "9999-12-31T23:59:59-14:00"}, {"actor": "a\0"}, {"actor": "a" * 51},
     {"cursor": "x"}],
    ids=str,
)  # fmt: skip
async def test_filters_that_make_no_sense_are_refused(client: AsyncClient, join: Join, params: dict[str, str]) -> None:
    reply = await client.get("/auth/audit", params=params, headers=(await join(Role.admin)).headers)
    assert reply.status_code == 422


CHANGES = ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"]
MENDING = [
    "ALTER TABLE audit_events DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_events_add_only ON audit_events",
    "SET session_replication_role = replica",
    "DROP TABLE audit_events",
]


@pytest.mark.parametrize("statement", CHANGES + MENDING)
async def test_the_service_itself_cannot_rewrite_the_trail(
    settings: Settings, superuser: Connection, join: Join, statement: str
) -> None:
    """S-31c: not even by an injected statement, since this is the service's own role."""
    await join()
    before = await superuser.fetchval("SELECT count(*) FROM audit_events")
    service = await asyncpg.connect(str(settings.database_url), password=settings.database_password.get_secret_value())
    with pytest.raises((asyncpg.RaiseError, asyncpg.InsufficientPrivilegeError)):
        await service.execute(statement)
    await service.close()
    assert before == await superuser.fetchval("SELECT count(*) FROM audit_events") > 0


@pytest.mark.parametrize("statement", CHANGES)
async def test_nobody_rewrites_the_trail_by_mistake(superuser: Connection, join: Join, statement: str) -> None:
    await join()
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await superuser.execute(statement)


async def test_a_forged_cursor_is_refused_or_a_place_like_any(client: AsyncClient, join: Join) -> None:
    """S-36: of both lists that admins read."""
    admin = await join(Role.admin)
    await forge(client, "/auth/accounts", "accounts", 1, admin.headers)
    await forge(client, "/auth/audit", "audit", 2, admin.headers)


async def tell(client: AsyncClient, token: str, *events: dict[str, Any]) -> Response:
    return await client.post("/internal/events", json={"events": list(events)}, headers=bearer(token))


# begin: only with posts
async def test_what_a_moderator_has_removed_is_noted_once_however_often_it_is_told(
    client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    """S-31c: actor, kind, author and time; a repeated id, as after a restore, is another removal."""
    admin, moderator, author = await join(Role.admin), await join(Role.moderator), await join()
    posts = await service_token("svc:posts")
    first, second = (removal(uuid4(), "post", 41, author.id, moderator.id) for _ in range(2))
    of_nobody = removal(uuid4(), "comment", 41, None, moderator.id)
    batches = [[first], [first, second], [second, first, of_nobody]] * 5
    replies = await asyncio.gather(*(tell(client, posts, *batch) for batch in batches))
    assert {reply.status_code for reply in replies} == {204}
    lines = await trail(client, admin, action="content-removed", actor=str(moderator.id))
    when = "2026-01-02T03:04:05+00:00"
    seen = {line["detail"]["event"]: (line["account_id"], line["actor"], line["detail"]) for line in lines}
    assert len(lines) == len(seen) == 3
    for told, kind, whose in ((first, "post", author.id), (second, "post", author.id), (of_nobody, "comment", None)):
        event_id = told["subject"].partition(":")[2]
        detail = {"kind": kind, "id": 41, "removed_at": when, "event": event_id}
        assert seen[event_id] == (whose, str(moderator.id), detail)
    assert len(await trail(client, admin, account_id=author.id, action="content-removed")) == 2


# end: only with posts


# begin: only with posts
async def test_a_dismissal_is_noted_once_and_a_removal_with_its_reason(
    client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    """S-31c. Acts of later releases are no lines yet."""
    admin, moderator, author = await join(Role.admin), await join(Role.moderator), await join()
    posts = await service_token("svc:posts")
    removed, dismissed, later = (removal(uuid4(), "post", 41, author.id, moderator.id) for _ in range(3))
    removed["data"] |= {"act": "removed", "reason": "spam"}
    dismissed["data"] |= {"act": "dismissed", "reason": ""}
    later["data"] |= {"act": "hidden"}
    replies = await asyncio.gather(*(tell(client, posts, dismissed, removed, later) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {204}
    lines = await trail(client, admin, actor=str(moderator.id), account_id=author.id)
    when = "2026-01-02T03:04:05+00:00"
    found = {line["action"]: line["detail"] for line in lines}
    of_event = {told["data"]["act"]: told["subject"].partition(":")[2] for told in (removed, dismissed)}
    assert len(lines) == 2
    assert found == {
        "content-removed": {
            "kind": "post",
            "id": 41,
            "removed_at": when,
            "event": of_event["removed"],
            "reason": "spam",
        },
        "reports-dismissed": {"kind": "post", "id": 41, "dismissed_at": when, "event": of_event["dismissed"]},
    }


# end: only with posts


# begin: only with posts
async def test_an_author_is_told_of_removals_by_mail_and_not_by_whom(
    app: FastAPI, client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    """One mail for many removals at once, and none for a dismissal or a repeated event."""
    moderator, author = await join(Role.moderator), await join()
    posts = await service_token("svc:posts")
    dismissed = removal(uuid4(), "post", 41, author.id, moderator.id)
    dismissed["data"] |= {"act": "dismissed"}
    told = [removal(uuid4(), "post", number, author.id, moderator.id) for number in (41, 42)]
    for batch in ([dismissed], told, told):
        assert (await tell(client, posts, *batch)).status_code == 204
    found = [mail for mail in await mails(app, author.person.email) if "moderator" in mail.subject]
    assert [mail.subject for mail in found] == ["A moderator removed something that you wrote"]
    assert str(moderator.id) not in found[0].text


# end: only with posts


# begin: only with posts
async def test_no_author_is_written_to_beside_the_deletion_of_their_account(
    client: AsyncClient, join: Join, superuser: Connection, service_token: ServiceSignIn
) -> None:
    """The mail would keep the address: a deletion drops only mails that it can see."""
    moderator, author = await join(Role.moderator), await join()
    told = removal(uuid4(), "post", 41, author.id, moderator.id)
    posts = await service_token("svc:posts")
    async with superuser.transaction():
        await superuser.execute("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", author.id)
        telling = asyncio.create_task(tell(client, posts, told))
        await until_blocked(superuser)
        await superuser.execute("UPDATE accounts SET status = 'deleting' WHERE id = $1", author.id)
    assert (await telling).status_code == 204
    waiting = "SELECT count(*) FROM outbox WHERE data ->> 'kind' = 'content-removed' AND data ->> 'to' = $1"
    assert await superuser.fetchval(waiting, author.person.email) == 0


# end: only with posts


# begin: only with posts
async def test_only_posts_says_what_was_removed_and_only_as_agreed(
    client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    admin, moderator = await join(Role.admin), await join(Role.moderator)
    told = removal(uuid4(), "post", 41, None, moderator.id)
    forged = await tell(client, await service_token("svc:users"), told)
    assert outcome(forged) == (403, "not-the-owner")
    posts = await service_token("svc:posts")
    for bad in ({**told, "subject": "moderation:41"}, {**told, "data": told["data"] | {"moderator": 0}}):
        assert outcome(await tell(client, posts, bad)) == (422, "bad-event")
    assert await trail(client, admin, action="content-removed", actor=str(moderator.id)) == []


# end: only with posts
