"""What admins do with parked events is in the audit trail: auth's own at once, those of others by events (S-31d)."""

import asyncio
from typing import Any
from uuid import uuid4

from httpx import AsyncClient

from auth.services.records import Role
from tests.auth.conftest import Connection, Join, Member, ServiceSignIn, outcome
from tests.auth.test_audit import tell, trail
from tests.parked import park
from tests.peers import event

PATH = "/auth/admin/parked-events"


def operation(service: str, admin: int, **changes: Any) -> dict[str, Any]:
    """The event that an admin has replayed an event of a service."""
    about = {"act": "event-replayed", "target": "posts", "event_type": "profile", "event": "profile:7@3"}
    data = {"service": service, **about, "admin": admin, "ip": "192.0.2.7", "reason": "Mended.", **changes}
    subject = f"operation:{uuid4()}"
    return event("operation", data) | {"subject": subject, "id": f"{subject}@1"}


async def acts_of(client: AsyncClient, admin: Member) -> list[dict[str, Any]]:
    lines = await trail(client, admin, actor=str(admin.id))
    return [line for line in lines if line["action"].startswith("event-")]


async def act(client: AsyncClient, what: str, name: dict[str, Any], by: Member) -> int:
    body = {**name, "version": 3, "reason": "The mail server is back."}
    return (await client.post(f"{PATH}/{what}", json=body, headers=by.headers)).status_code


async def test_auths_own_acts_are_in_the_trail_at_once_and_mails_are_not_shown(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    admin = await join(Role.admin)
    mails = [await park(superuser, f"mail:{uuid4()}", target="smtp", data='{"to": "a@b.c", "secret": "s"}')] * 2
    seen = (await client.get(PATH, headers=admin.headers)).json()["items"]
    assert [one["data"] for one in seen if one["target"] == "smtp"] == [None]
    statuses = await asyncio.gather(*(act(client, "replay", mail, admin) for mail in mails))
    assert sorted(statuses) == [204, 404]
    mail = await park(superuser, f"mail:{uuid4()}", target="smtp")
    assert await act(client, "drop", mail, admin) == 204
    dropped, replayed = await acts_of(client, admin)
    assert (dropped["action"], replayed["action"]) == ("event-dropped", "event-replayed")
    assert (dropped["account_id"], dropped["ip"]) == (None, "127.0.0.1")
    assert dropped["detail"] == {
        "service": "auth",
        "target": "smtp",
        "type": "mail",
        "about": f"{mail['subject']}@3",
        "reason": "The mail server is back.",
        "event": dropped["detail"]["event"],
    }


async def test_what_was_done_in_another_service_is_noted_once_however_often_it_is_told(
    client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    admin = await join(Role.admin)
    users = await service_token("svc:users")
    first, second = operation("users", admin.id), operation("users", admin.id, act="event-dropped")
    replies = await asyncio.gather(*(tell(client, users, *batch) for batch in [[first], [first, second], [second]] * 4))
    assert {reply.status_code for reply in replies} == {204}
    lines = await acts_of(client, admin)
    assert sorted(line["action"] for line in lines) == ["event-dropped", "event-replayed"]
    assert {(line["ip"], line["detail"]["service"], line["detail"]["reason"]) for line in lines} == {
        ("192.0.2.7", "users", "Mended.")
    }


async def test_a_service_tells_only_what_was_done_in_it(
    client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    admin = await join(Role.admin)
    users = await service_token("svc:users")
    assert outcome(await tell(client, users, operation("another", admin.id))) == (403, "not-the-owner")
    assert outcome(await tell(client, users, operation("users", admin.id, act="roles-changed"))) == (422, "bad-event")
    assert await acts_of(client, admin) == []
