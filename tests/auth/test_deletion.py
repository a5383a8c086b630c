"""Asking for an account's deletion: `POST /auth/account/deletion` (docs/operations/security.md)."""

import asyncio
from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient

from auth.services.records import Role
from auth.services.retention import RETENTION
from common.contracts.events import AccountData
from tests.auth.conftest import PASSWORD, Connection, Join, Learn, Member, SignIn, outcome, refresh
from tests.auth.deleting import delete, lines, register
from tests.auth.mails import mails, relay
from tests.events import Outbox
from tests.waiting import until_blocked


async def test_who_asks_with_the_password_is_out_at_once_and_everybody_is_told(
    client: AsyncClient,
    app: FastAPI,
    join: Join,
    sign_in: SignIn,
    learn: Learn,
    outbox: Outbox,
    superuser: Connection,
) -> None:
    """S-06, S-26, S-27: it looks like a disabled or unknown account."""
    ada = await join()
    link = await client.post("/auth/password-reset", json={"email": ada.person.email})
    waiting = (await mails(app, ada.person.email))[-1]
    assert (link.status_code, waiting.subject) == (202, "Choose a new password")
    assert outcome(await delete(client, ada, "not the password")) == (403, "wrong-password")
    reply = await delete(client, ada)
    assert (reply.status_code, reply.content) == (202, b"")
    assert (await delete(client, ada)).status_code == 202, "again, as after a lost answer"
    await learn()
    assert outcome(await delete(client, ada)) == (401, "invalid-token")
    unknown = await client.post("/auth/token", data={"username": "nobody@example.com", "password": PASSWORD})
    assert outcome(await sign_in(ada.person)) == outcome(unknown)
    assert outcome(await refresh(client, ada.tokens["refresh_token"])) == (400, "invalid-grant")
    chosen = {"token": waiting.token, "new_password": "seven brave tin spoons"}
    assert outcome(await client.post("/auth/password-reset/confirm", json=chosen)) == (400, "link-not-valid")
    assert outcome(await register(client, ada)) == (409, "email-taken")
    before = len(await mails(app, ada.person.email))
    for path in ("verify-email", "password-reset"):
        assert (await client.post(f"/auth/{path}", json={"email": ada.person.email})).status_code == 202
    got = await mails(app, ada.person.email)
    assert (len(got), got[-1].subject) == (before, "Your account was deleted")

    told = [data | {"to": target, "v": version} for target, version, data in await outbox.waiting(f"account:{ada.id}")]
    states = [state for state in told if "status" in state]
    nothing: dict[str, Any] = {"email": "", "name": "", "username": None, "roles": [], "status": "deleting", "v": 2}
    assert states == [nothing | {"to": target} for target in sorted(AccountData.targets)]
    assert len([state for state in told if "not_before" in state]) == len(AccountData.targets)
    detail = dict(await lines(superuser, ada))["account-deletion-asked"]
    assert (detail["sessions_ended"], ada.person.email in str(detail)) == (1, False)


async def test_no_mail_that_waits_keeps_an_address_of_the_account(
    client: AsyncClient, app: FastAPI, join: Join, outbox: Outbox, superuser: Connection
) -> None:
    """Also those to its future address, and refused ones; the last mail is deleted after a day."""
    ada = await join()
    await mails(app, ada.person.email)  # handles the requests
    new = f"new-{ada.id}@example.com"
    asked = {"password": PASSWORD, "email": new}
    assert (await client.post("/auth/email", json=asked, headers=ada.headers)).status_code == 202
    waiting = "SELECT data ->> 'kind' FROM outbox WHERE target = 'smtp' AND data ->> 'to' = ANY ($1) ORDER BY 1"
    both = [new, ada.person.email]
    kinds = [kind for (kind,) in await superuser.fetch(waiting, both)]
    assert kinds == ["email-change", "email-change-asked"]
    await superuser.execute("UPDATE outbox SET parked_at = now() WHERE target = 'smtp'")
    assert (await delete(client, ada)).status_code == 202
    await RETENTION.apply(app.state.transactions)
    assert [kind for (kind,) in await superuser.fetch(waiting, both)] == ["account-deleted"]
    await superuser.execute("UPDATE outbox SET occurred_at = now() - interval '25 hours' WHERE target = 'smtp'")
    await RETENTION.apply(app.state.transactions)
    assert await superuser.fetch(waiting, both) == []


async def test_no_mail_is_made_beside_a_deletion_under_way(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    """It would keep the address: a deletion drops only mails that it can see."""
    ada = await join()
    await mails(app, ada.person.email)
    await client.post("/auth/password-reset", json={"email": ada.person.email})
    async with superuser.transaction():
        await superuser.execute("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", ada.id)
        answering = asyncio.create_task(relay(app, "auth"))
        await until_blocked(superuser)
        assert not answering.done(), "it waits until it is clear whether the account stays"
        await superuser.execute("UPDATE accounts SET status = 'deleting' WHERE id = $1", ada.id)
    await answering
    assert (
        await superuser.fetch("SELECT 1 FROM outbox WHERE target = 'smtp' AND data ->> 'to' = $1", ada.person.email)
        == []
    )
    assert (
        await superuser.fetch("SELECT 1 FROM one_time_tokens WHERE account_id = $1 AND purpose LIKE '%reset%'", ada.id)
        == []
    )


async def test_the_last_admin_cannot_go(client: AsyncClient, only_admin: Member, join: Join) -> None:
    """S-31c"""
    assert outcome(await delete(client, only_admin)) == (409, "last-admin")
    await join(Role.admin)
    assert (await delete(client, only_admin)).status_code == 202


async def test_the_password_of_an_account_that_is_being_deleted_is_not_changed_any_more(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    """The link was confirmed just before."""
    ada = await join()
    await delete(client, ada)
    old = await superuser.fetchval("SELECT password_hash FROM accounts WHERE id = $1", ada.id)
    async with app.state.transactions() as work:
        assert not await work.accounts.replace_hash(ada.id, old, "another")
    assert await superuser.fetchval("SELECT password_hash FROM accounts WHERE id = $1", ada.id) == old
