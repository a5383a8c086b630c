"""Changes of the account are confirmed by its password. Some accounts have none: they need a recent proof."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient, Response

from auth.services.passwords.hashing import NO_PASSWORD
from tests.auth.conftest import Connection, Join, Member, bearer, new_email, outcome
from tests.auth.second_factors import age, audited, left, step_up, turn_on

NEEDED = (401, "insufficient-user-authentication")
NEW = "seven brave tin spoons"
CHANGES: dict[str, dict[str, Any]] = {
    "/auth/email": {"email": "new@example.com"},
    "/auth/password": {"new_password": NEW},
    "/auth/account/deletion": {},
}


async def without_password(superuser: Connection, member: Member) -> Member:
    """As a sign-up by a provider leaves the account."""
    await superuser.execute("UPDATE accounts SET password_hash = $1 WHERE id = $2", NO_PASSWORD, member.id)
    return member


async def change(client: AsyncClient, path: str, headers: dict[str, str], **more: str) -> Response:
    body = CHANGES[path] | ({"email": new_email()} if path == "/auth/email" else {})
    return await client.post(path, json=body | more, headers=headers)


@pytest.mark.parametrize("path", CHANGES)
async def test_an_account_without_a_password_proves_itself_by_a_recent_sign_in(
    client: AsyncClient, join: Join, superuser: Connection, path: str
) -> None:
    ada = await without_password(superuser, await join())
    assert (await client.get("/auth/me", headers=ada.headers)).json()["has_password"] is False
    await age(superuser, ada.id, 11)
    refused = await change(client, path, ada.headers)
    assert outcome(refused) == NEEDED
    assert refused.json()["detail"] == "Sign in again first."
    assert 'error="insufficient_user_authentication"' in refused.headers["www-authenticate"]
    assert 'max_age="600"' in refused.headers["www-authenticate"]
    await age(superuser, ada.id, -11)
    assert (await change(client, path, ada.headers)).status_code in {202, 204}


@pytest.mark.parametrize("path", CHANGES)
async def test_an_account_with_a_second_factor_only_proves_itself_by_a_code(
    client: AsyncClient, join: Join, superuser: Connection, path: str
) -> None:
    ada = await turn_on(client, superuser, await join())
    await without_password(superuser, ada.member)
    await age(superuser, ada.id, 11)
    assert outcome(await change(client, path, ada.headers)) == NEEDED
    stepped = await step_up(client, ada.headers, code=await ada.code())
    done = await change(client, path, bearer(stepped.json()["access_token"]))
    assert done.status_code in {202, 204}, done.text


@pytest.mark.parametrize("path", CHANGES)
async def test_an_account_with_a_password_gives_it_however_new_the_proof_is(
    client: AsyncClient, join: Join, path: str
) -> None:
    """A stolen access token is not enough, not even within ten minutes of a sign-in or a step-up."""
    ada = await join()
    stepped = await step_up(client, ada.headers, password=ada.person.password)
    for headers in (ada.headers, bearer(stepped.json()["access_token"])):
        refused = await change(client, path, headers)
        assert outcome(refused) == (422, "proof-missing")
        assert refused.json()["detail"] == "Give the current password."


async def test_the_password_is_enough_however_old_the_session_is(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await join()
    await age(superuser, ada.id, 11)
    for path in ("/auth/email", "/auth/account/deletion"):
        assert outcome(await change(client, path, ada.headers, password="not this one")) == (403, "wrong-password")
        assert (await change(client, path, ada.headers, password=ada.person.password)).status_code == 202


async def test_a_wrong_password_is_refused_however_new_the_session_is(client: AsyncClient, join: Join) -> None:
    ada = await join()
    for path in ("/auth/email", "/auth/account/deletion"):
        assert outcome(await change(client, path, ada.headers, password="no")) == (403, "wrong-password")


async def test_a_first_password_signs_in_and_ends_other_sessions(
    client: AsyncClient, join: Join, sign_in: Any, superuser: Connection
) -> None:
    ada = await join()
    other = (await sign_in(ada.person)).json()
    await without_password(superuser, ada)
    assert (await change(client, "/auth/password", ada.headers)).status_code == 204
    assert (await client.get("/auth/me", headers=ada.headers)).json()["has_password"] is True
    again = await client.post("/auth/sign-in", json={"email": ada.person.email, "password": NEW})
    assert again.json()["state"] == "signed-in"
    refreshed = {"grant_type": "refresh_token", "refresh_token": other["refresh_token"]}
    assert outcome(await client.post("/auth/token", data=refreshed)) == (400, "invalid-grant")
    assert "password-changed" in await audited(superuser, ada.id)


async def test_of_two_first_passwords_at_once_one_counts(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await without_password(superuser, await join())
    replies = await asyncio.gather(
        *(
            client.post("/auth/password", json={"new_password": f"{NEW} {number}"}, headers=ada.headers)
            for number in range(5)
        )
    )
    chosen = [number for number, reply in enumerate(replies) if reply.status_code == 204]
    assert len(chosen) == 1
    assert {outcome(reply) for reply in replies if reply.status_code != 204} <= {
        (403, "wrong-password"),
        (422, "proof-missing"),
    }
    body = {"email": ada.person.email, "password": f"{NEW} {chosen[0]}"}
    assert (await client.post("/auth/sign-in", json=body)).status_code == 200


async def test_a_session_that_has_ended_proves_nothing(client: AsyncClient, join: Join, superuser: Connection) -> None:
    """Its access token may work for seconds after its end."""
    ada = await without_password(superuser, await join())
    await superuser.execute("UPDATE sessions SET ended_at = now() WHERE account_id = $1", ada.id)
    for path in CHANGES:
        assert outcome(await change(client, path, ada.headers)) == (401, "invalid-token")


async def test_a_session_of_another_client_proves_nothing(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await without_password(superuser, await join())
    await superuser.execute("UPDATE sessions SET client = 'conduit' WHERE account_id = $1", ada.id)
    for path in ("/auth/email", "/auth/account/deletion"):
        assert outcome(await change(client, path, ada.headers)) == (403, "not-this-client")


async def test_the_second_factor_is_turned_off_by_what_an_account_has(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    path = "/auth/second-factor/off"
    ada = await turn_on(client, superuser, await join())
    await without_password(superuser, ada.member)
    await age(superuser, ada.id, 11)
    for body in ({}, {"code": await ada.code()}):
        assert outcome(await client.post(path, json=body, headers=ada.headers)) == NEEDED
    stepped = await step_up(client, ada.headers, code=await ada.code())
    off = await client.post(path, json={}, headers=bearer(stepped.json()["access_token"]))
    assert off.status_code == 204, off.text
    assert sum((await left(superuser, ada.id)).values()) == 0
    assert "second-factor-off" in await audited(superuser, ada.id)


async def test_turning_it_off_takes_the_password_and_a_code_however_old_the_session_is(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    path = "/auth/second-factor/off"
    ada = await turn_on(client, superuser, await join())
    await age(superuser, ada.id, 11)
    assert outcome(await client.post(path, json={"password": ada.password}, headers=ada.headers)) == NEEDED
    for body in ({}, {"code": await ada.code()}):
        assert outcome(await client.post(path, json=body, headers=ada.headers)) == (422, "proof-missing")
    wrong = {"password": ada.password, "code": "000000"}
    assert outcome(await client.post(path, json=wrong, headers=ada.headers)) == (403, "wrong-code")
    right = {"password": ada.password, "code": await ada.code()}
    assert (await client.post(path, json=right, headers=ada.headers)).status_code == 204


async def test_a_code_proven_lately_replaces_the_code_and_not_the_password(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    path = "/auth/second-factor/off"
    ada = await turn_on(client, superuser, await join())
    await age(superuser, ada.id, 11)
    stepped = await step_up(client, ada.headers, code=await ada.code())
    headers = bearer(stepped.json()["access_token"])
    assert outcome(await client.post(path, json={}, headers=headers)) == (422, "proof-missing")
    assert (await client.post(path, json={"password": ada.password}, headers=headers)).status_code == 204


async def test_without_a_password_a_step_up_says_what_to_do(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await without_password(superuser, await join())
    refused = await step_up(client, ada.headers)
    assert outcome(refused) == (422, "proof-missing")
    assert refused.json()["detail"] == "This account has no password: sign in again instead."
