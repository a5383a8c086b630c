"""A deletion's end: users and posts report what they erased, and auth empties the account."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.services.records import Role
from auth.services.retention import RETENTION
from common.contracts.events import AccountData
from common.state_events import StateEvent
from tests.auth.api_keys import exchange, new_key
from tests.auth.authenticator import Authenticator
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
    outcome,
    patch,
)
from tests.auth.deleting import delete, lines, register
from tests.auth.mails import mails
from tests.auth.passkeys import add
from tests.auth.passkeys import sign_in as enter_by
from tests.auth.second_factors import challenge, trusted, turn_on
from tests.events import Outbox
from tests.peers import erased
from tests.personal_data import kept
from tests.personal_rows import held, left, missing_from_export

KEPT = {"accounts", "audit_events", "outbox", "token_floors"}
"""Places of a deleted account's id: the empty row, the audit trail, events, and for an hour its token floor."""


@pytest.fixture
def say_erased(client: AsyncClient, service_token: ServiceSignIn) -> Any:
    """Report that a service has erased an account: `await say_erased(member, "users")`."""

    async def say_erased(member: Member, service: str, sender: str | None = None) -> Response:
        headers = bearer(await service_token(f"svc:{sender or service}"))
        return await client.post("/internal/events", json={"events": [erased(member.id, service)]}, headers=headers)

    return say_erased


async def test_an_account_is_emptied_once_all_others_have_forgotten_it_and_its_address_is_free(
    client: AsyncClient, join: Join, say_erased: Any, outbox: Outbox, superuser: Connection, sign_in: SignIn
) -> None:
    ada = await join()
    await client.post("/auth/token", data={"username": ada.person.email, "password": "wrong"})
    assert (await delete(client, ada)).status_code == 202
    *others, last = AccountData.targets
    early = [(service, 409) for service in others]
    for service, free in (*early[:1], *early, (last, 201), (last, 409), *early[:1]):
        assert (await say_erased(ada, service)).status_code == 204
        assert (await register(client, ada)).status_code == free, service
    row = await superuser.fetchrow("SELECT * FROM accounts WHERE id = $1", ada.id)
    assert row is not None
    assert (row["status"], row["email"], row["name"], row["password_hash"], row["roles"], row["version"]) == (
        "deleted",
        None,
        "",
        "",
        [],
        3,
    )
    assert await outbox.naming(ada.id) <= KEPT
    receipts = [detail for action, detail in await lines(superuser, ada) if action == "account-deleted"]
    assert [set(receipt) for receipt in receipts] == [{"asked_at", *AccountData.targets}]
    (again,) = await superuser.fetch("SELECT * FROM accounts WHERE email = $1", ada.person.email)
    assert (again["status"], again["id"] != ada.id) == ("active", True)
    assert (await sign_in(ada.person)).status_code == 200, "the new one's owner"


async def test_nothing_with_which_somebody_signed_up_stays_in_any_table(
    client: AsyncClient, join: Join, sign_up: Any, sign_in: SignIn, say_erased: Any, app: FastAPI, superuser: Connection
) -> None:
    """Nor the stored answer for a repeated sign-up."""
    email = "unrepeatable@example.com"
    person = {"email": email, "password": PASSWORD, "name": "Unrepeatable Ada"}
    new = await client.post("/auth/register", json=person, headers={"Idempotency-Key": "sign-up"})
    ada = Member(type((await join()).person)(new.json()["id"], email, PASSWORD), {})
    ada.tokens |= (await sign_in(ada.person)).json()
    await client.post("/auth/password-reset", json={"email": email})
    assert (await delete(client, ada)).status_code == 202
    for service in AccountData.targets:
        await say_erased(ada, service)
    await mails(app, email)  # the last one has been sent
    for (table,) in await superuser.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        found = await superuser.fetch(
            f"""SELECT FROM "{table}" one WHERE one::text ~* 'unrepeatable' OR one::text LIKE '%' || $1 || '%'""",
            b"unrepeatable".hex(),
        )
        assert not found, table


AT_A_PROVIDER = (
    "INSERT INTO identities (provider, subject, account_id, email) VALUES ('idp', 'ada', $1, 'ada@idp.example')",
    "INSERT INTO provider_codes VALUES ('\\x01', '\\x02', $1, 'idp', now() + interval '1 minute')",
    """INSERT INTO provider_flows (state_hash, browser_hash, provider, return_to, account_id, expires_at)
    VALUES ('\\x01', '\\x02', 'idp', 'https://site.example/', $1, now() + interval '1 minute')""",
)


async def test_each_table_about_somebody_is_exported_and_emptied(
    client: AsyncClient,
    app: FastAPI,
    join: Join,
    service_token: ServiceSignIn,
    say_erased: Any,
    outbox: Outbox,
    superuser: Connection,
) -> None:
    ada = await join()
    other = await client.post("/auth/token", data={"username": ada.person.email, "password": PASSWORD})
    ended = await client.post("/auth/revoke", data={"token": other.json()["refresh_token"]})
    reset = await client.post("/auth/password-reset", json={"email": ada.person.email})
    assert (ended.status_code, reset.status_code) == (200, 202)
    await challenge(client, await turn_on(client, superuser, ada))
    await trusted(superuser, ada.id)
    made = await new_key(client, ada)
    assert (await exchange(client, made["key"])).status_code == 200
    assert (await client.delete(f"/auth/keys/{made['id']}", headers=ada.headers)).status_code == 204
    device = Authenticator()
    await add(client, ada, device)
    assert (await enter_by(client, device)).status_code == 200
    for statement in AT_A_PROVIDER:
        await superuser.execute(statement, ada.id)
    await mails(app, ada.person.email)
    before = await held(outbox.dsn, "auth", ada.id)
    headers = bearer(await service_token("svc:users"))
    export = (await client.get(f"/internal/export/{ada.id}", headers=headers)).json()
    assert missing_from_export("auth", before, export["sections"]) == []
    assert (await delete(client, ada)).status_code == 202
    for service in AccountData.targets:
        await say_erased(ada, service)
        assert (await enter_by(client, device)).status_code == 401
    assert await left(outbox.dsn, "auth", before) == kept("auth")


async def test_news_of_what_was_erased_is_believed_from_each_service_for_itself_only(
    client: AsyncClient, join: Join, say_erased: Any, superuser: Connection
) -> None:
    ada = await join()
    await delete(client, ada)
    assert outcome(await say_erased(ada, "another", sender="users")) == (403, "not-the-owner")
    assert (await superuser.fetchval("SELECT erased FROM deletions WHERE account_id = $1", ada.id)) == "{}"


async def test_nobody_brings_an_account_back_or_changes_it(
    client: AsyncClient, join: Join, manage: Manage, say_erased: Any
) -> None:
    ada, admin = await join(), await join(Role.admin)
    await delete(client, ada)
    for status in ("deleting", "deleted"):
        for change in ({"status": "active"}, {"status": "disabled"}, {"roles": ["admin"]}):
            assert outcome(await patch(client, admin, ada.id, **change)) == (409, "account-being-deleted")
        seen = (await client.get(f"/auth/accounts/{ada.id}", headers=admin.headers)).json()
        assert (seen["status"], seen["roles"]) == (status, [])
        found = (await client.get(f"/auth/accounts?status={status}", headers=admin.headers)).json()["items"]
        assert ada.id in [account["id"] for account in found]
        await manage(lambda management: management.sign_out_everywhere(ada.id, SERVER))
        for service in AccountData.targets:
            await say_erased(ada, service)
    assert (seen["email"], seen["name"]) == ("", "")


async def test_other_services_may_ask_for_all_who_were_deleted(
    client: AsyncClient, join: Join, service_token: ServiceSignIn, say_erased: Any
) -> None:
    """Such as a service whose database was restored from a backup."""
    ada, bob, _ = [await join() for _ in range(3)]
    for member in (ada, bob):
        await delete(client, member)
    for service in AccountData.targets:
        await say_erased(bob, service)
    headers = bearer(await service_token("svc:users"))
    reply = await client.get(f"/internal/erased?after={ada.id - 1}", headers=headers)
    events = [StateEvent.model_validate(told) for told in reply.json()["events"]]
    assert [(told.subject, told.data["status"], told.version) for told in events] == [
        (f"account:{ada.id}", "deleting", 2),
        (f"account:{bob.id}", "deleted", 3),
    ]


async def test_an_account_from_an_older_backup_is_deleted_again_once_all_others_say_that_it_was(
    client: AsyncClient, join: Join, sign_in: SignIn, say_erased: Any, outbox: Outbox, superuser: Connection
) -> None:
    """A single faulty service deletes no account, and its report does not count as a running deletion."""
    ada = await join()
    *others, last = AccountData.targets
    for service in (*others, *others):
        assert (await say_erased(ada, service)).status_code == 204
        assert (await sign_in(ada.person)).status_code == 200
    assert await superuser.fetchval("SELECT asked_at FROM deletions WHERE account_id = $1", ada.id) is None
    assert (await say_erased(ada, last)).status_code == 204
    assert (await sign_in(ada.person)).status_code == 400
    told = [
        (target, data["status"]) for target, _, data in await outbox.waiting(f"account:{ada.id}") if "status" in data
    ]
    assert told == [(target, "deleted") for target in sorted(AccountData.targets)]
    assert (await register(client, ada)).status_code == 201


# begin: only with posts
async def test_what_was_said_before_the_owner_asked_does_not_count(
    client: AsyncClient, join: Join, say_erased: Any
) -> None:
    ada = await join()
    first, *others = AccountData.targets
    await say_erased(ada, first)
    assert (await delete(client, ada)).status_code == 202
    for service in others:
        await say_erased(ada, service)
    assert (await register(client, ada)).status_code == 409
    await say_erased(ada, first)
    assert (await register(client, ada)).status_code == 201


# end: only with posts


async def test_others_cannot_delete_the_last_admin(
    client: AsyncClient, only_admin: Member, join: Join, say_erased: Any, sign_in: SignIn
) -> None:
    """S-31c"""
    for service in AccountData.targets:
        assert (await say_erased(only_admin, service)).status_code == 204
    assert (await sign_in(only_admin.person)).status_code == 200


async def test_whoever_does_not_answer_for_minutes_is_told_again(
    client: AsyncClient, app: FastAPI, join: Join, say_erased: Any, outbox: Outbox, superuser: Connection
) -> None:
    """A replica of the previous release has ignored the event, or a database has lost it (R-22)."""

    async def told(member: Member) -> list[str]:
        return [target for target, _, data in await outbox.waiting(f"account:{member.id}") if "status" in data]

    ada, bob = await join(), await join()
    await delete(client, ada)
    await say_erased(bob, "users")
    await superuser.execute("DELETE FROM outbox WHERE type = 'account'")
    await RETENTION.apply(app.state.transactions)
    assert await told(ada) == []
    await superuser.execute("UPDATE deletions SET told_at = told_at - interval '6 minutes'")
    await RETENTION.apply(app.state.transactions)
    assert (await told(ada), await told(bob)) == (sorted(AccountData.targets), [])
    await superuser.execute("DELETE FROM outbox WHERE type = 'account'")
    await RETENTION.apply(app.state.transactions)
    assert await told(ada) == [], "not all the time"


async def test_how_many_deletions_are_under_way_and_for_how_long_is_measured(
    client: AsyncClient, join: Join, say_erased: Any, superuser: Connection
) -> None:
    """R-30"""
    await superuser.execute("DELETE FROM deletions")
    ada = await join()
    await delete(client, ada)
    await superuser.execute("UPDATE deletions SET asked_at = asked_at - interval '1 hour'")
    found = (await client.get("/metrics")).text
    assert "\nerasures_pending 1.0\n" in found
    assert "\nerasure_oldest_seconds 36" in found
    for service in AccountData.targets:
        await say_erased(ada, service)
    assert "\nerasures_pending 0.0\n" in (await client.get("/metrics")).text
