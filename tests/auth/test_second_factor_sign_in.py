"""Sign-in in two steps (S-61, S-62)."""

from datetime import timedelta

from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.conftest import Connection, Join, SignIn, bearer, client_of, outcome, refresh, running
from tests.auth.second_factors import (
    Guarded,
    audited,
    begin,
    challenge,
    complete,
    left,
    signed_in,
    turn_on,
)
from tests.auth.test_access_tokens import part


async def test_a_code_completes_the_sign_in(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await turn_on(client, superuser, await join())
    begun = (await begin(client, ada)).json()
    assert begun.keys() == {"state", "challenge", "methods", "may_trust_device", "expires_in"}
    assert (begun["state"], begun["methods"], begun["expires_in"]) == (
        "second-factor-needed",
        ["code", "recovery_code"],
        300,
    )
    done = await complete(client, begun["challenge"], code=await ada.code())
    assert done.status_code == 200, done.text
    tokens = done.json()
    assert (tokens["state"], tokens["trusted_device"]) == ("signed-in", None)
    claims = part(tokens["access_token"], 1)
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp", "mfa"], "mfa")
    renewed = part((await refresh(client, tokens["refresh_token"])).json()["access_token"], 1)
    assert (renewed["amr"], renewed["acr"], renewed["auth_time"]) == (claims["amr"], "mfa", claims["auth_time"])
    again = await complete(client, begun["challenge"], code=await ada.code())
    assert outcome(again) == (400, "challenge-not-valid")
    lines = (
        "SELECT detail->>'via' FROM audit_events WHERE account_id = $1 AND action = ANY ($2) ORDER BY id DESC LIMIT 2"
    )
    noted = await superuser.fetch(lines, ada.id, ["second-factor-asked", "signed-in"])
    assert [row[0] for row in noted] == ["password", "password"]


async def test_the_claims_of_two_factors_cost_at_most_a_hundred_bytes(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """More than a token had before it told how people signed in."""
    token = (await signed_in(client, await turn_on(client, superuser, await join())))["access_token"]
    claims = part(token, 1)
    new = ",".join(f'"{name}":{claims[name]!s}'.replace("'", '"').replace(" ", "") for name in ("amr", "auth_time"))
    new += f',"acr":"{claims["acr"]}",'
    assert len(new) * 4 / 3 + 2 <= 100


async def test_a_code_works_once_even_for_another_challenge(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    code = await ada.code()
    one, other = await challenge(client, ada), await challenge(client, ada)
    assert (await complete(client, one, code=f"{code[:3]} {code[3:]}")).status_code == 200
    assert outcome(await complete(client, other, code=code)) == (403, "wrong-code")
    assert (await complete(client, other, code=await ada.code())).status_code == 200


async def test_a_recovery_code_is_a_factor_and_no_one_time_password(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """RFC 8176"""
    ada = await turn_on(client, superuser, await join())
    code = ada.recovery_codes[7]
    done = await complete(client, await challenge(client, ada), recovery_code=code)
    assert part(done.json()["access_token"], 1)["amr"] == ["pwd", "mfa"]
    again = await complete(client, await challenge(client, ada), recovery_code=code)
    assert outcome(again) == (403, "wrong-code")
    assert (await left(superuser, ada.id))["recovery_codes"] == 9
    assert "recovery-code-used" in await audited(superuser, ada.id)


async def test_five_tries_use_a_challenge_up(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await turn_on(client, superuser, await join())
    token = await challenge(client, ada)
    for _ in range(5):
        assert outcome(await complete(client, token, recovery_code="WRONG")) == (403, "wrong-code")
    right = await complete(client, token, recovery_code=ada.recovery_codes[0])
    assert outcome(right) == (400, "challenge-not-valid")
    assert (await left(superuser, ada.id))["recovery_codes"] == 10
    assert (await audited(superuser, ada.id)).count("second-factor-refused") == 5


async def test_a_challenge_expires(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await turn_on(client, superuser, await join())
    token = await challenge(client, ada)
    await superuser.execute(
        "UPDATE sign_in_challenges SET expires_at = expires_at - interval '5 min' WHERE account_id = $1", ada.id
    )
    assert outcome(await complete(client, token, code=await ada.code())) == (400, "challenge-not-valid")


async def test_wrong_codes_are_counted_per_account_over_all_challenges(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    """S-10, S-11: by source, and apart from passwords."""
    ada = await turn_on(client, superuser, await join())
    for _ in range(5):
        assert outcome(await complete(client, await challenge(client, ada), code="000000")) == (403, "wrong-code")
    code = await ada.code()
    throttled = await complete(client, await challenge(client, ada), code=code)
    assert outcome(throttled) == (429, "sign-in-throttled")
    assert int(throttled.headers["retry-after"]) >= 1
    async with client_of(app, "192.0.2.77") as elsewhere:
        assert (await complete(elsewhere, await challenge(elsewhere, ada), code=code)).status_code == 200


async def test_after_a_hundred_wrong_codes_a_recovery_code_lets_its_owner_in(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    await superuser.execute(
        "INSERT INTO sign_in_addresses (address_hash, attempts, kept_until) "
        "VALUES (sha256($1::bytea), 100, 'infinity')",
        f"second factor {ada.id}".encode(),
    )
    closed = await complete(client, await challenge(client, ada), code=await ada.code())
    assert outcome(closed) == (429, "sign-in-closed")
    recovered = await complete(client, await challenge(client, ada), recovery_code=ada.recovery_codes[0])
    assert recovered.status_code == 200
    assert (await complete(client, await challenge(client, ada), code=await ada.code())).status_code == 200


async def test_the_oauth_grant_refuses_only_after_the_right_password(
    client: AsyncClient, join: Join, sign_in: SignIn, superuser: Connection
) -> None:
    """S-06"""
    ada = await turn_on(client, superuser, await join())
    person = ada.member.person
    wrong = await client.post("/auth/token", data={"username": person.email, "password": "not this one"})
    assert outcome(wrong) == (400, "invalid-grant")
    assert "page" not in wrong.json()["error_description"]
    right = await sign_in(person)
    assert (right.json()["error"], "page" in right.json()["error_description"]) == ("invalid_grant", True)
    reasons = await superuser.fetch(
        "SELECT detail->>'reason' AS reason FROM audit_events WHERE account_id = $1 AND action = 'sign-in-refused'",
        ada.id,
    )
    assert [row["reason"] for row in reasons] == ["wrong password", "second factor needed"]


async def test_the_realworld_sign_in_refuses_as_if_the_password_were_wrong(
    client: AsyncClient, settings: Settings, join: Join, superuser: Connection
) -> None:
    """S-06"""
    ada = await turn_on(client, superuser, await join())
    credentials = {"email": ada.member.person.email, "password": ada.password}
    async with running(settings.model_copy(update={"conduit": True})) as app, client_of(app) as conduit:
        right = await conduit.post("/auth/conduit/sessions", json=credentials)
        wrong = await conduit.post("/auth/conduit/sessions", json={**credentials, "password": "not this one"})
    assert outcome(right) == outcome(wrong) == (400, "invalid-grant")
    assert right.json()["detail"] == wrong.json()["detail"]
    noted = "SELECT detail->>'reason' FROM audit_events WHERE account_id = $1 AND action = 'sign-in-refused' LIMIT 1"
    assert await superuser.fetchval(noted, ada.id) == "account has a second factor"


async def test_a_lasting_session_sets_no_second_factor_up(settings: Settings) -> None:
    async with running(settings.model_copy(update={"conduit": True})) as app, client_of(app) as conduit:
        account = {"email": "lasting@example.com", "username": "lasting", "password": "password"}
        token = (await conduit.post("/auth/conduit/accounts", json=account)).json()["access_token"]
        reply = await conduit.post("/auth/second-factor/totp", headers=bearer(token))
        assert outcome(reply) == (403, "not-this-client")


async def test_a_trusted_device_saves_the_second_factor_and_proves_nothing(
    settings: Settings, client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """NIST SP 800-63B: a session of one factor."""
    ada = await turn_on(client, superuser, await join())
    assert (await signed_in(client, ada, trust_device=True))["trusted_device"] is None, "the site trusts no devices"
    trusting_site = settings.model_copy(update={"trusted_device": timedelta(days=30)})
    async with running(trusting_site) as app, client_of(app) as trusting:
        token = (await signed_in(trusting, ada, trust_device=True))["trusted_device"]
        done = (await begin(trusting, ada, trusted_device=token)).json()
        assert done["state"] == "signed-in"
        assert part(done["access_token"], 1)["amr"] == ["pwd"]
        own = bearer(done["access_token"])
        (device,) = (await trusting.get("/auth/second-factor/devices", headers=own)).json()["items"]
        other = await turn_on(trusting, superuser, await join())
        assert (await begin(trusting, other, trusted_device=token)).json()["state"] == "second-factor-needed"
        assert (await begin(client, ada, trusted_device=token)).json()["state"] == "second-factor-needed"
        await trusting.delete(f"/auth/second-factor/devices/{device['id']}", headers=own)
        assert (await begin(trusting, ada, trusted_device=token)).json()["state"] == "second-factor-needed"
        token = (await signed_in(trusting, ada, trust_device=True))["trusted_device"]
        await late(superuser, ada)
        assert (await begin(trusting, ada, trusted_device=token)).json()["state"] == "second-factor-needed"
    assert {"device-trusted", "trusted-device-ended"} <= set(await audited(superuser, ada.id))


async def late(superuser: Connection, guarded: Guarded) -> None:
    await superuser.execute(
        "UPDATE trusted_devices SET created_at = created_at - interval '31 days' WHERE account_id = $1", guarded.id
    )
