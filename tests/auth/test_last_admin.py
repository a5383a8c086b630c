"""The last admin stays, also when admins demote each other at once (S-31c)."""

import asyncio
from typing import Any

from httpx import AsyncClient

from auth.services.errors import LastAdmin
from auth.services.records import Role
from tests.auth.conftest import SERVER, Connection, Join, Manage, Member, outcome, patch


async def test_the_last_admin_stays(client: AsyncClient, only_admin: Member, join: Join) -> None:
    """S-31c"""
    disabled = await join(Role.admin)
    await patch(client, only_admin, disabled.id, status="disabled")
    changes: list[dict[str, Any]] = [{"roles": []}, {"roles": ["moderator"]}, {"status": "disabled"}]
    for change in changes:
        assert outcome(await patch(client, only_admin, only_admin.id, **change)) == (409, "last-admin")
    assert (await patch(client, only_admin, only_admin.id, roles=["admin", "moderator"])).status_code == 200


async def test_admins_who_demote_each_other_at_once_leave_one(
    client: AsyncClient, only_admin: Member, join: Join, superuser: Connection
) -> None:
    """S-31c: 25 at a time, each with a token that was valid when it was sent."""
    admins = [only_admin, *[await join(Role.admin) for _ in range(4)]]
    changes: list[dict[str, Any]] = [{"roles": []}, {"status": "disabled"}]
    replies = await asyncio.gather(
        *(patch(client, by, whom.id, **changes[number % 2]) for by in admins for number, whom in enumerate(admins))
    )
    assert {reply.status_code for reply in replies} <= {200, 403, 409}
    assert {outcome(reply)[1] for reply in replies if reply.status_code != 200} <= {"not-an-admin", "last-admin"}
    active = "SELECT count(*) FROM accounts WHERE 'admin' = ANY (roles) AND status = 'active'"
    assert await superuser.fetchval(active) == 1


async def test_demotions_on_the_server_at_once_leave_one(
    only_admin: Member, join: Join, manage: Manage, superuser: Connection
) -> None:
    """S-31c: here no request is refused because of a lost admin role."""
    admins = [only_admin, *[await join(Role.admin) for _ in range(3)]]

    async def demote(email: str) -> bool:
        try:
            await manage(lambda management: management.withdraw(email, Role.admin, SERVER))
        except LastAdmin:
            return False
        return True

    done = await asyncio.gather(*(demote(admin.person.email) for admin in admins * 5))
    assert len(done) == 20
    assert await superuser.fetchval("SELECT count(*) FROM accounts WHERE 'admin' = ANY (roles)") == 1
