"""Admins help people: how somebody signs in, where they are signed in, and the end of sessions and accounts (S-31d)."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.services.records import Role
from common.contracts.events import AccountData
from tests.auth.api_keys import new_key
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import Connection, Join, Learn, Member, SignIn, bearer, outcome, patch, refresh
from tests.auth.mails import mails
from tests.auth.passkeys import add
from tests.auth.second_factors import age, guard, step_up, turn_on
from tests.auth.test_access_tokens import part
from tests.auth.test_audit import trail
from tests.mint import Mint

REASON = "Asked for in ticket 4711."


async def ask(client: AsyncClient, by: Member, whom: int, what: str, **more: Any) -> tuple[int, str]:
    reply = await client.post(f"/auth/accounts/{whom}/{what}", json={"reason": REASON, **more}, headers=by.headers)
    return reply.status_code, reply.json()["code"] if reply.is_error else ""


async def actions(client: AsyncClient, by: Member, whom: int) -> list[tuple[str, str | None]]:
    """What this admin has done to somebody, and why, the newest first."""
    lines = await trail(client, by, actor=str(by.id), account_id=whom)
    return [(line["action"], line["detail"].get("reason")) for line in lines]


async def test_support_sees_how_somebody_signs_in_and_nothing_to_sign_in_with(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    admin, bob = await join(Role.admin), await join()
    path = f"/auth/accounts/{bob.id}/sign-in-methods"
    plain = (await client.get(path, headers=admin.headers)).json()
    off = {"on": False, "since": None, "recovery_codes_left": 0}
    none: dict[str, Any] = {"passkeys": [], "identities": [], "api_keys": [], "trusted_devices": 0}
    assert plain == {"has_password": True, "second_factor": off, **none}

    await add(client, bob, Authenticator())
    made = await new_key(client, bob)
    ada = await turn_on(client, superuser, bob)
    reply = await client.get(path, headers=admin.headers)
    seen = reply.json()
    assert (seen["second_factor"]["on"], seen["second_factor"]["recovery_codes_left"]) == (True, 10)
    assert [key["name"] for key in seen["api_keys"]] == [made["name"]]
    assert len(seen["passkeys"]) == 1
    for secret in (made["key"], made["id"], ada.secret, *ada.recovery_codes):
        assert secret not in reply.text
    assert outcome(await client.get("/auth/accounts/7/sign-in-methods", headers=admin.headers)) == (
        404,
        "account-not-found",
    )


async def test_an_admin_ends_one_session_or_all_and_the_reason_is_kept(
    client: AsyncClient, join: Join, sign_in: SignIn, learn: Learn
) -> None:
    admin, ada = await join(Role.admin), await join()
    phone = Member(ada.person, (await sign_in(ada.person)).json())
    path = f"/auth/accounts/{ada.id}/sessions"
    seen = (await client.get(path, headers=admin.headers)).json()["items"]
    ids = [str(part(one.tokens["access_token"], 1)["sid"]) for one in (phone, ada)]
    assert [one["id"] for one in seen] == ids, "the latest first"
    first, rest = await client.get(f"{path}?limit=1", headers=admin.headers), seen[1:]
    assert (await client.get(first.links["next"]["url"], headers=admin.headers)).json()["items"] == rest

    assert await ask(client, admin, ada.id, "sign-out", session_id=ids[0]) == (204, "")
    await learn()
    assert outcome(await client.get("/auth/me", headers=phone.headers)) == (401, "invalid-token")
    assert (await client.get("/auth/me", headers=ada.headers)).status_code == 200
    assert await ask(client, admin, ada.id, "sign-out", session_id=ids[0]) == (404, "session-not-found")
    assert await ask(client, admin, (await join()).id, "sign-out", session_id=ids[1]) == (404, "session-not-found")
    assert await ask(client, admin, ada.id, "sign-out") == (204, "")
    assert outcome(await refresh(client, ada.tokens["refresh_token"])) == (400, "invalid-grant")
    assert (await client.get(path, headers=admin.headers)).json()["items"] == []
    assert await actions(client, admin, ada.id) == [
        ("all-sessions-ended", REASON),
        ("session-ended", REASON),
    ]
    for path in ("/auth/accounts/7/sessions",):
        assert outcome(await client.get(path, headers=admin.headers)) == (404, "account-not-found")


async def test_the_reason_of_a_change_is_kept_with_it(client: AsyncClient, join: Join) -> None:
    admin, ada = await join(Role.admin), await join()
    await patch(client, admin, ada.id, roles=["moderator"], reason=REASON)
    await patch(client, admin, ada.id, status="disabled", reason=REASON)
    await patch(client, admin, ada.id, status="active")
    assert await actions(client, admin, ada.id) == [
        ("status-changed", None),
        ("status-changed", REASON),
        ("roles-changed", REASON),
    ]
    assert outcome(await patch(client, admin, ada.id, status="active", reason="two\nlines")) == (
        422,
        "validation-failed",
    )


async def test_an_admin_deletes_an_account_as_its_owner_would(
    app: FastAPI, client: AsyncClient, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    admin, ada = await join(Role.admin), await join()
    assert await ask(client, admin, ada.id, "deletion") == (202, "")
    assert await ask(client, admin, ada.id, "deletion") == (202, ""), "repeated"
    assert await superuser.fetchval("SELECT status FROM accounts WHERE id = $1", ada.id) == "deleting"
    assert await superuser.fetchval("SELECT count(*) FROM deletions WHERE account_id = $1", ada.id) == 1
    waiting = "SELECT count(*) FROM outbox WHERE type = 'account' AND subject = $1 AND data ->> 'status' = 'deleting'"
    assert await superuser.fetchval(waiting, f"account:{ada.id}") == len(AccountData.targets)
    assert outcome(await sign_in(ada.person)) == (400, "invalid-grant")
    assert outcome(await patch(client, admin, ada.id, status="active")) == (409, "account-being-deleted")
    assert await actions(client, admin, ada.id) == [("account-deletion-asked", REASON)]
    assert "Your account was deleted" in {mail.subject for mail in await mails(app, ada.person.email)}
    assert await ask(client, admin, 7, "deletion") == (404, "account-not-found")


async def test_no_admin_is_deleted_here_neither_oneself_nor_another(
    client: AsyncClient, join: Join, only_admin: Member, superuser: Connection
) -> None:
    """They are demoted first, which the last one cannot be."""
    assert await ask(client, only_admin, only_admin.id, "deletion") == (403, "own-account")
    other = await join(Role.admin)
    assert await ask(client, only_admin, other.id, "deletion") == (409, "still-admin")
    assert (await patch(client, only_admin, other.id, status="disabled")).status_code == 200
    assert await ask(client, only_admin, other.id, "deletion") == (409, "still-admin")
    assert await superuser.fetchval("SELECT status FROM accounts WHERE id = $1", other.id) == "disabled"
    assert (await patch(client, only_admin, other.id, roles=[])).status_code == 200
    assert await ask(client, only_admin, other.id, "deletion") == (202, "")


@pytest.mark.parametrize("what", ["deletion", "second-factor/reset"])
async def test_what_cannot_be_undone_takes_a_recent_proof_whatever_the_settings(
    client: AsyncClient, join: Join, superuser: Connection, what: str
) -> None:
    admin, ada = await join(Role.admin), await join()
    await guard(superuser, ada.id)
    await age(superuser, admin.id, 11)
    assert await ask(client, admin, ada.id, what) == (401, "insufficient-user-authentication")
    before = await superuser.fetchrow("SELECT status, second_factor FROM accounts WHERE id = $1", ada.id)
    assert tuple(before or ()) == ("active", True)
    assert (await step_up(client, admin.headers, password=admin.person.password)).status_code == 200
    assert (await ask(client, admin, ada.id, what))[0] in {202, 204}


async def test_a_session_of_another_client_does_neither(client: AsyncClient, join: Join, mint: Mint) -> None:
    admin, ada = await join(Role.admin), await join()
    own = part(admin.tokens["access_token"], 1)
    claims = mint.claims(**{name: own[name] for name in ("sub", "sid", "iat")}, client_id="conduit", roles=["admin"])
    headers = bearer(mint.token(claims))
    for what in ("deletion", "second-factor/reset"):
        reply = await client.post(f"/auth/accounts/{ada.id}/{what}", json={"reason": REASON}, headers=headers)
        assert outcome(reply) == (403, "not-this-client")


async def test_a_deletion_and_a_disabling_at_once_leave_a_deletion(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    admin, other = await join(Role.admin), await join(Role.admin)
    for _ in range(4):
        ada = await join()
        disabled, deleted = await asyncio.gather(
            patch(client, other, ada.id, status="disabled"), ask(client, admin, ada.id, "deletion")
        )
        assert deleted == (202, "")
        assert disabled.status_code in {200, 409}
        assert await superuser.fetchval("SELECT status FROM accounts WHERE id = $1", ada.id) == "deleting"
        lines = await trail(client, admin, account_id=ada.id, action="account-deletion-asked")
        assert len(lines) == 1
