"""Account management by admins, and its limits: `/auth/accounts` (S-27, S-31c)."""

import asyncio
import secrets
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from auth.services.records import Role
from common.contracts.events import AccountData
from tests.auth.conftest import (
    SERVER,
    Connection,
    Join,
    Learn,
    Manage,
    Member,
    SignIn,
    bearer,
    outcome,
    patch,
    refresh,
    roles_in,
)
from tests.conftest import Cloner
from tests.database import Server
from tests.events import Outbox


async def test_nobody_promotes_themselves(client: AsyncClient, join: Join, superuser: Connection) -> None:
    """S-31c: neither by the admin API nor by any other body."""
    moderator = await join(Role.moderator)
    assert (await patch(client, moderator, moderator.id, roles=["admin"])).status_code == 403
    person = {"email": "eve@example.com", "password": secrets.token_urlsafe(16), "name": "Eve"}
    for more in ({"roles": ["admin"]}, {"role": "admin"}, {"is_admin": True}, {"status": "active"}, {"id": 1}):
        assert (await client.post("/auth/register", json=person | more)).status_code == 422
    assert await superuser.fetchval("SELECT roles FROM accounts WHERE id = $1", moderator.id) == ["moderator"]


async def test_a_new_database_has_no_account(database_of: Cloner, server: Server) -> None:
    """S-31c: no default admin."""
    name = (await database_of("auth"))["database_url"].rpartition("/")[2]
    connection = await asyncpg.connect(server.dsn, database=name)
    assert await connection.fetchval("SELECT count(*) FROM accounts") == 0
    await connection.close()


async def test_a_disabled_account_is_refused_everywhere_until_it_is_enabled(
    client: AsyncClient, join: Join, sign_in: SignIn, learn: Learn, outbox: Outbox
) -> None:
    """S-27"""
    admin, ada = await join(Role.admin), await join()
    reply = await patch(client, admin, ada.id, status="disabled")
    assert (reply.status_code, reply.json()["status"]) == (200, "disabled")
    assert set(reply.json()) == {"id", "email", "roles", "status", "email_verified", "name", "created_at"}

    told = await outbox.rows(
        "SELECT target, type, data->>'status' AS status FROM outbox WHERE subject = $1", f"account:{ada.id}"
    )
    assert {tuple(row) for row in told} == {
        (target, *what)
        for target in AccountData.targets
        for what in (("account", "disabled"), ("tokens.revoked", None))
    }
    await learn()
    assert outcome(await client.get("/auth/me", headers=ada.headers)) == (401, "invalid-token")
    assert outcome(await refresh(client, ada.tokens["refresh_token"])) == (400, "invalid-grant")
    assert outcome(await sign_in(ada.person)) == (400, "invalid-grant")

    assert (await patch(client, admin, ada.id, status="active")).json()["status"] == "active"
    assert outcome(await refresh(client, ada.tokens["refresh_token"])) == (400, "invalid-grant"), "that session is over"
    assert outcome(await client.get("/auth/me", headers=ada.headers)) == (401, "invalid-token")
    again = (await sign_in(ada.person)).json()
    assert (await client.get("/auth/me", headers=bearer(again["access_token"]))).status_code == 200


async def test_no_sign_in_slips_past_a_disabling(
    client: AsyncClient, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    """S-27: whichever comes first, no session is left open."""
    admin = await join(Role.admin)
    for _ in range(5):
        ada = await join()  # somebody new: failures in a row would be throttled
        signing_in = [asyncio.ensure_future(sign_in(ada.person)) for _ in range(3)]
        await asyncio.sleep(0.03)
        assert (await patch(client, admin, ada.id, status="disabled")).status_code == 200
        assert {reply.status_code for reply in await asyncio.gather(*signing_in)} <= {200, 400, 429}
        open_ones = "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL"
        assert await superuser.fetchval(open_ones, ada.id) == 0


@pytest.mark.parametrize(
    ("before", "after"), [((), ("moderator",)), (("moderator", "admin"), ("moderator",)), (("admin",), ())]
)
async def test_a_change_of_roles_is_in_the_next_token_and_the_old_one_is_refused(
    client: AsyncClient, join: Join, learn: Learn, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """S-27: sessions go on."""
    admin, ada = await join(Role.admin), await join(*map(Role, before))
    assert roles_in(ada.tokens["access_token"]) == sorted(before)
    reply = await patch(client, admin, ada.id, roles=[*after, *after])
    assert (reply.status_code, reply.json()["roles"]) == (200, list(after))
    await learn()
    assert outcome(await client.get("/auth/me", headers=ada.headers)) == (401, "invalid-token")
    new = (await refresh(client, ada.tokens["refresh_token"])).json()
    assert roles_in(new["access_token"]) == list(after)
    assert (await client.get("/auth/me", headers=bearer(new["access_token"]))).json()["roles"] == list(after)


async def test_two_changes_within_a_second_leave_no_token_of_the_first(
    client: AsyncClient, join: Join, learn: Learn
) -> None:
    """S-27: tokens issued between them are dated at the end of that second, like the first change's not-before."""
    admin, ada = await join(Role.admin), await join()
    await patch(client, admin, ada.id, roles=["moderator"])
    between = (await refresh(client, ada.tokens["refresh_token"])).json()
    await patch(client, admin, ada.id, roles=[])
    await learn()
    assert outcome(await client.get("/auth/me", headers=bearer(between["access_token"]))) == (401, "invalid-token")
    after = (await refresh(client, between["refresh_token"])).json()
    assert (await client.get("/auth/me", headers=bearer(after["access_token"]))).status_code == 200


async def test_one_persons_and_everybodys_tokens_are_revoked_together(
    client: AsyncClient, join: Join, manage: Manage, learn: Learn
) -> None:
    """S-27: per account and for all, in either order; new tokens are valid at once."""
    admin, ada, eve = await join(Role.admin), await join(), await join()
    await patch(client, admin, ada.id, roles=["moderator"])
    early = {"ada": (await refresh(client, ada.tokens["refresh_token"])).json(), "eve": eve.tokens}
    await manage(lambda management: management.revoke_all_tokens(SERVER))
    await learn()
    for tokens in early.values():
        assert outcome(await client.get("/auth/me", headers=bearer(tokens["access_token"]))) == (401, "invalid-token")
    late = {name: (await refresh(client, tokens["refresh_token"])).json() for name, tokens in early.items()}
    for tokens in late.values():
        assert (await client.get("/auth/me", headers=bearer(tokens["access_token"]))).status_code == 200
    await manage(lambda management: management.change(ada.id, SERVER, roles=[]))
    await learn()
    assert outcome(await client.get("/auth/me", headers=bearer(late["ada"]["access_token"]))) == (401, "invalid-token")
    assert (await client.get("/auth/me", headers=bearer(late["eve"]["access_token"]))).status_code == 200


async def test_signing_somebody_out_everywhere_ends_every_session(
    client: AsyncClient, join: Join, sign_in: SignIn, learn: Learn
) -> None:
    admin, ada = await join(Role.admin), await join()
    phone = Member(ada.person, (await sign_in(ada.person)).json())
    assert (await client.delete(f"/auth/accounts/{ada.id}/sessions", headers=admin.headers)).status_code == 204
    await learn()
    for device in (ada, phone):
        assert outcome(await client.get("/auth/me", headers=device.headers)) == (401, "invalid-token")
        assert outcome(await refresh(client, device.tokens["refresh_token"])) == (400, "invalid-grant")
    assert (await sign_in(ada.person)).status_code == 200


async def test_who_is_no_admin_any_more_changes_nothing_with_an_older_token(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """S-31c: not even in the second before the token is refused."""
    admin, former, ada = await join(Role.admin), await join(Role.admin), await join()
    assert (await patch(client, admin, former.id, roles=[])).status_code == 200
    assert outcome(await patch(client, former, former.id, roles=["admin"])) in {
        (403, "not-an-admin"),
        (401, "invalid-token"),
    }
    reply = await client.delete(f"/auth/accounts/{ada.id}/sessions", headers=former.headers)
    assert reply.status_code in {401, 403}
    assert await superuser.fetchval("SELECT roles FROM accounts WHERE id = $1", former.id) == []


@pytest.mark.parametrize(
    "body",
    [{"roles": ["root"]}, {"roles": "admin"}, {"roles": None}, {"status": "deleted"}, {"status": None},
     {"password": "a new passphrase"}, {"password_hash": "x"}, {"email": "new@example.com"}, {"email_verified": True},
     {"name": "New"}, {"id": 1}, {"version": 1}, {"tokens_not_before": 0}],
    ids=str,
)  # fmt: skip
async def test_admins_set_status_and_roles_and_nothing_else(
    client: AsyncClient, join: Join, superuser: Connection, body: dict[str, Any]
) -> None:
    """S-31b, S-31c: above all no password and no address."""
    admin, ada = await join(Role.admin), await join()
    before = await superuser.fetchrow("SELECT * FROM accounts WHERE id = $1", ada.id)
    assert outcome(await patch(client, admin, ada.id, **body)) == (422, "validation-failed")
    assert await superuser.fetchrow("SELECT * FROM accounts WHERE id = $1", ada.id) == before


async def test_a_change_is_for_the_version_that_was_seen(client: AsyncClient, join: Join) -> None:
    admin, ada = await join(Role.admin), await join()
    url = f"/auth/accounts/{ada.id}"
    seen = await client.get(url, headers=admin.headers)
    etag = seen.headers["etag"]
    assert (await client.get(url, headers={**admin.headers, "If-None-Match": etag})).status_code == 304
    changed = await patch(client, admin, ada.id, {"If-Match": etag}, roles=["moderator"])
    assert changed.status_code == 200
    assert outcome(await patch(client, admin, ada.id, {"If-Match": etag}, roles=[])) == (412, "precondition-failed")
    now = await client.get(url, headers=admin.headers)
    assert (now.headers["etag"], now.json()["roles"]) == (changed.headers["etag"], ["moderator"])
    same = await patch(client, admin, ada.id, status="active", roles=["moderator"])
    assert same.headers["etag"] == now.headers["etag"], "nothing new, so nothing happened"


async def test_what_is_not_there_or_on_its_way_out_cannot_be_changed(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    admin, ada = await join(Role.admin), await join()
    assert outcome(await patch(client, admin, 7, status="disabled")) == (404, "account-not-found")
    assert outcome(await client.delete("/auth/accounts/7/sessions", headers=admin.headers)) == (
        404,
        "account-not-found",
    )
    await superuser.execute("UPDATE accounts SET status = 'deleting' WHERE id = $1", ada.id)
    assert outcome(await patch(client, admin, ada.id, status="active")) == (409, "account-being-deleted")
