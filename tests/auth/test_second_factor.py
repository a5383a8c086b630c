"""Turning a second factor on and off, and its recovery codes."""

import pyotp
from fastapi import FastAPI
from httpx import AsyncClient

from tests.auth.conftest import Connection, Join, Learn, SignIn, outcome, refresh
from tests.auth.mails import mails
from tests.auth.second_factors import age, audited, begin, challenge, complete, left, step_up, turn_on
from tests.auth.test_access_tokens import part


async def test_the_first_code_turns_it_on_and_ends_all_other_sessions(
    client: AsyncClient, app: FastAPI, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    ada = await join()
    elsewhere = (await sign_in(ada.person)).json()
    off = (await client.get("/auth/second-factor", headers=ada.headers)).json()
    assert off == {"on": False, "since": None, "recovery_codes_left": 0}
    begun = await client.post("/auth/second-factor/totp", headers=ada.headers)
    assert begun.json()["expires_in"] == 600
    assert begun.headers["cache-control"] == "no-store"
    assert (await begin(client, await turn_on(client, superuser, ada))).json()["state"] == "second-factor-needed"
    on = (await client.get("/auth/second-factor", headers=ada.headers)).json()
    assert (on["on"], on["recovery_codes_left"]) == (True, 10)
    assert on["since"] is not None
    assert (await refresh(client, elsewhere["refresh_token"])).status_code == 400
    renewed = await refresh(client, ada.tokens["refresh_token"])
    assert part(renewed.json()["access_token"], 1)["amr"] == ["pwd", "otp", "mfa"]
    assert "A second factor protects your account" in {mail.subject for mail in await mails(app, ada.person.email)}
    assert "second-factor-on" in await audited(superuser, ada.id)


async def test_it_is_off_until_a_code_has_confirmed_it(
    client: AsyncClient, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    ada = await join()
    path = "/auth/second-factor/totp/confirm"
    assert outcome(await client.post(path, json={"code": "000000"}, headers=ada.headers)) == (409, "nothing-to-confirm")
    first = (await client.post("/auth/second-factor/totp", headers=ada.headers)).json()["secret"]
    second = (await client.post("/auth/second-factor/totp", headers=ada.headers)).json()["secret"]
    replaced = {"code": pyotp.TOTP(first).now()}
    assert outcome(await client.post(path, json=replaced, headers=ada.headers)) == (403, "wrong-code")
    assert (await sign_in(ada.person)).status_code == 200, "the password alone"
    await superuser.execute(
        "UPDATE second_factors SET created_at = now() - interval '11 min' WHERE account_id = $1", ada.id
    )
    late = {"code": pyotp.TOTP(second).now()}
    assert outcome(await client.post(path, json=late, headers=ada.headers)) == (409, "nothing-to-confirm")
    assert (await client.get("/auth/second-factor", headers=ada.headers)).json()["on"] is False


async def test_there_is_one_at_a_time(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await turn_on(client, superuser, await join())
    again = await client.post("/auth/second-factor/totp", headers=ada.headers)
    assert outcome(again) == (409, "second-factor-on")
    confirmed = await client.post(
        "/auth/second-factor/totp/confirm", json={"code": await ada.code()}, headers=ada.headers
    )
    assert outcome(confirmed) == (409, "second-factor-on")


async def test_its_secrets_are_not_stored_as_they_are(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await turn_on(client, superuser, await join())
    token = await challenge(client, ada)
    for name in ("second_factors", "recovery_codes", "sign_in_challenges", "audit_events"):
        rows = str(await superuser.fetch(f"SELECT {name}::text FROM {name} WHERE account_id = $1", ada.id))  # noqa: S608
        for secret in (ada.secret, token, *ada.recovery_codes, ada.recovery_codes[0].replace("-", "")):
            assert secret not in rows
            assert secret.encode().hex() not in rows
        assert pyotp.TOTP(ada.secret).byte_secret().hex() not in rows


async def test_setting_it_up_needs_a_recent_proof(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await join()
    await age(superuser, ada.id, 11)
    refused = await client.post("/auth/second-factor/totp", headers=ada.headers)
    assert outcome(refused) == (401, "insufficient-user-authentication")
    assert 'max_age="600"' in refused.headers["www-authenticate"]
    assert "acr_values" not in refused.headers["www-authenticate"]
    assert (await step_up(client, ada.headers, password=ada.person.password)).status_code == 200
    assert (await client.post("/auth/second-factor/totp", headers=ada.headers)).status_code == 200


async def test_the_password_and_a_code_turn_it_off(
    client: AsyncClient, app: FastAPI, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    path, email = "/auth/second-factor/off", ada.member.person.email
    waiting = await challenge(client, ada)
    wrong = {"password": "not this one", "code": await ada.code()}
    assert outcome(await client.post(path, json=wrong, headers=ada.headers)) == (403, "wrong-password")
    wrong = {"password": ada.password, "code": "000000"}
    assert outcome(await client.post(path, json=wrong, headers=ada.headers)) == (403, "wrong-code")
    right = {"password": ada.password, "recovery_code": ada.recovery_codes[3]}
    assert (await client.post(path, json=right, headers=ada.headers)).status_code == 204
    assert outcome(await client.post(path, json=right, headers=ada.headers)) == (409, "second-factor-off")
    assert set((await left(superuser, ada.id)).values()) == {0}
    assert outcome(await complete(client, waiting, code=pyotp.TOTP(ada.secret).now())) == (400, "challenge-not-valid")
    assert (await sign_in(ada.member.person)).status_code == 200
    assert "Your account has no second factor any more" in {mail.subject for mail in await mails(app, email)}
    assert "second-factor-off" in await audited(superuser, ada.id)


async def test_new_recovery_codes_replace_the_old_ones(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    path = "/auth/second-factor/recovery-codes"
    await age(superuser, ada.id, 11)
    refused = await client.post(path, headers=ada.headers)
    assert outcome(refused) == (401, "insufficient-user-authentication")
    assert 'acr_values="mfa", max_age="600"' in refused.headers["www-authenticate"]
    assert (await step_up(client, ada.headers, code=await ada.code())).status_code == 200
    new = (await client.post(path, headers=ada.headers)).json()["recovery_codes"]
    assert len({*new, *ada.recovery_codes}) == 20
    old = await complete(client, await challenge(client, ada), recovery_code=ada.recovery_codes[0])
    assert outcome(old) == (403, "wrong-code")
    typed = new[0].lower().replace("-", " ")
    assert (await complete(client, await challenge(client, ada), recovery_code=typed)).status_code == 200
    assert (await client.get("/auth/second-factor", headers=ada.headers)).json()["recovery_codes_left"] == 9
    assert "Your account has new recovery codes" in {mail.subject for mail in await mails(app, ada.member.person.email)}


async def test_a_session_that_has_ended_turns_nothing_on(
    client: AsyncClient, join: Join, learn: Learn, superuser: Connection
) -> None:
    ada = await join()
    secret = (await client.post("/auth/second-factor/totp", headers=ada.headers)).json()["secret"]
    await superuser.execute("UPDATE sessions SET ended_at = now() WHERE account_id = $1", ada.id)
    first = {"code": pyotp.TOTP(secret).now()}
    reply = await client.post("/auth/second-factor/totp/confirm", json=first, headers=ada.headers)
    assert outcome(reply) == (401, "invalid-token")
    assert await superuser.fetchval("SELECT second_factor FROM accounts WHERE id = $1", ada.id) is False
