"""The audit trail: what is in it, that nobody rewrites it, and that looking into it stays cheap."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from auth.config import Settings
from auth.services.records import Role
from tests.auth.conftest import PASSWORD, SERVER, Connection, Join, Manage, Member, new_email, patch
from tests.cursors import forge


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
        "detail": {"email": "p***@example.com"},
    }
    assert (await client.post("/auth/register", json=person)).status_code == 409
    assert len(await trail(client, admin, account_id=account_id)) == 1, "nobody signed up the second time"


async def test_every_act_of_an_admin_and_of_the_server_is_noted(
    client: AsyncClient, join: Join, manage: Manage
) -> None:
    """S-31c: who did what to whom, from where, and what it was before."""
    admin, ada = await join(Role.admin), await join()
    await patch(client, admin, ada.id, roles=["moderator"])
    await patch(client, admin, ada.id, status="disabled", roles=[])
    await patch(client, admin, ada.id, status="disabled")
    await client.delete(f"/auth/accounts/{ada.id}/sessions", headers=admin.headers)
    await patch(client, admin, admin.id, roles=["root"])
    await manage(lambda management: management.grant(ada.person.email, Role.moderator, SERVER))
    await manage(lambda management: management.revoke_all_tokens(SERVER))
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
    """S-31c: not even with a statement slipped into it, since this is the role that it connects as."""
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
