"""Step-up (RFC 9470, S-63): proofs that must be recent, and roles that count only with a second factor."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from auth.config import Settings
from auth.services.records import Role
from tests.auth.conftest import Connection, Join, Learn, Member, SignIn, bearer, client_of, new_email, outcome, running
from tests.auth.second_factors import age, audited, signed_in, step_up, turn_on
from tests.auth.test_access_tokens import part

NEEDED = (401, "insufficient-user-authentication")


def changes(password: str) -> dict[str, dict[str, Any]]:
    return {
        "/auth/email": {"email": new_email(), "password": password},
        "/auth/password": {"current_password": password, "new_password": password},
        "/auth/account/deletion": {"password": password},
    }


@pytest.mark.parametrize("path", ["/auth/email", "/auth/password", "/auth/account/deletion"])
async def test_changes_of_the_account_need_a_recent_second_factor(
    client: AsyncClient, join: Join, superuser: Connection, path: str
) -> None:
    ada = await turn_on(client, superuser, await join())
    body = changes(ada.password)[path]
    await age(superuser, ada.id, 11)
    refused = await client.post(path, json=body, headers=ada.headers)
    assert outcome(refused) == NEEDED
    assert refused.headers["www-authenticate"].startswith(
        'Bearer realm="trivium", error="insufficient_user_authentication"'
    )
    assert 'acr_values="mfa", max_age="600"' in refused.headers["www-authenticate"]
    stepped = await step_up(client, ada.headers, code=await ada.code())
    assert stepped.status_code == 200, stepped.text
    again = await client.post(path, json=body, headers=bearer(stepped.json()["access_token"]))
    assert again.status_code in {202, 204}, again.text


async def test_accounts_without_a_second_factor_are_asked_for_the_password_alone(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await join()
    await age(superuser, ada.id, 60)
    for path, body in changes(ada.person.password).items():
        assert (await client.post(path, json=body, headers=ada.headers)).status_code in {202, 204}


async def test_a_session_without_the_second_factor_is_not_enough_however_new(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """A trusted device opens such sessions."""
    ada = await turn_on(client, superuser, await join())
    await superuser.execute("UPDATE sessions SET methods = '{pwd}' WHERE account_id = $1", ada.id)
    path = "/auth/password"
    assert outcome(await client.post(path, json=changes(ada.password)[path], headers=ada.headers)) == NEEDED
    stepped = (await step_up(client, ada.headers, recovery_code=ada.recovery_codes[0])).json()
    assert part(stepped["access_token"], 1)["amr"] == ["pwd", "mfa"]
    assert "refresh_token" not in stepped
    assert (await client.post(path, json=changes(ada.password)[path], headers=ada.headers)).status_code == 204
    assert "stepped-up" in await audited(superuser, ada.id)


async def test_the_proof_must_be_the_one_that_the_account_has(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada, bob = await turn_on(client, superuser, await join()), await join()
    assert outcome(await step_up(client, ada.headers, password=ada.password)) == (422, "proof-missing")
    assert outcome(await step_up(client, ada.headers, code="000000")) == (403, "wrong-code")
    wrong = await step_up(client, ada.headers, code=await ada.code(), password="not this one")
    assert outcome(wrong) == (403, "wrong-password")
    both = await step_up(client, ada.headers, code=await ada.code(), recovery_code=ada.recovery_codes[0])
    assert outcome(both) == (422, "validation-failed")
    assert outcome(await step_up(client, bob.headers)) == (422, "proof-missing")
    assert outcome(await step_up(client, bob.headers, code="000000")) == (409, "second-factor-off")
    assert outcome(await step_up(client, bob.headers, password="not this one")) == (403, "wrong-password")
    assert (await step_up(client, bob.headers, password=bob.person.password)).status_code == 200


async def test_a_session_that_has_ended_is_not_renewed(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await join()
    await superuser.execute("UPDATE sessions SET ended_at = now() WHERE account_id = $1", ada.id)
    reply = await step_up(client, ada.headers, password=ada.person.password)
    assert outcome(reply) == (401, "invalid-token")


async def test_roles_count_only_with_a_second_factor_if_the_site_says_so(
    settings: Settings, join: Join, sign_in: SignIn, learn: Learn, superuser: Connection
) -> None:
    strict = settings.model_copy(update={"admin_second_factor": True})
    admin, person = await join(Role.admin), await join()
    async with running(strict) as app, client_of(app) as client:
        refused = await client.get("/auth/accounts", headers=admin.headers)
        assert outcome(refused) == NEEDED
        assert 'acr_values="mfa"' in refused.headers["www-authenticate"]
        assert "max_age" not in refused.headers["www-authenticate"]
        stranger = await client.get("/auth/accounts", headers=person.headers)
        assert outcome(stranger) == (403, "not-for-this-caller")
        assert (await client.get("/auth/me", headers=admin.headers)).status_code == 200, "all else works"
        guarded = await turn_on(client, superuser, admin)
        tokens = await signed_in(client, guarded)
        assert (await client.get("/auth/accounts", headers=bearer(tokens["access_token"]))).status_code == 200


async def test_roles_count_only_for_a_while_if_the_site_says_so(
    settings: Settings, client: AsyncClient, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    strict = settings.model_copy(update={"admin_max_age": timedelta(minutes=30)})
    admin = await join(Role.admin)
    async with running(strict) as app, client_of(app) as client:
        assert (await client.get("/auth/accounts", headers=admin.headers)).status_code == 200
        await age(superuser, admin.id, 31)
        old = Member(admin.person, await renewed(client, admin))
        refused = await client.get("/auth/accounts", headers=old.headers)
        assert outcome(refused) == NEEDED
        assert 'max_age="1800"' in refused.headers["www-authenticate"]
        stepped = (await step_up(client, old.headers, password=old.person.password)).json()
        assert (await client.get("/auth/accounts", headers=bearer(stepped["access_token"]))).status_code == 200


async def renewed(client: AsyncClient, member: Member) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "refresh_token": member.tokens["refresh_token"]}
    tokens: dict[str, Any] = (await client.post("/auth/token", data=form)).json()
    return tokens
