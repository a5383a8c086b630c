"""Signing in with a passkey."""

import asyncio
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.authenticator import BE, BS, UP, UV, Authenticator, Key, es256, rs256
from tests.auth.conftest import SERVER, Connection, Join, Manage, bearer, client_of, outcome, running
from tests.auth.passkeys import PASSKEYS, add, enter, options, request_options, sign_in
from tests.auth.test_access_tokens import part

REFUSED = (401, "wrong-credentials")


async def in_trail(superuser: Connection, account_id: int, action: str) -> list[dict[str, Any]]:
    lines = await superuser.fetch(
        "SELECT detail FROM audit_events WHERE account_id = $1 AND action = $2 ORDER BY id", account_id, action
    )
    return [json.loads(line["detail"]) for line in lines]


async def test_a_passkey_signs_in_without_a_name_and_counts_as_two_factors(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada, device = await join(), Authenticator()
    await add(client, ada, device)
    asked = await request_options(client)
    assert asked.keys() == {"challenge", "timeout", "rpId", "userVerification"}, "no account is named"
    reply = await enter(client, device.answer(asked))
    assert reply.status_code == 200, reply.text
    tokens = reply.json()
    assert (tokens["state"], reply.headers["cache-control"]) == ("signed-in", "no-store")
    assert part(tokens["access_token"], 1)["amr"] == ["pop", "user", "mfa"]
    assert (await client.get("/auth/me", headers=bearer(tokens["access_token"]))).json()["id"] == ada.id
    listed = (await client.get(PASSKEYS, headers=ada.headers)).json()["items"]
    assert listed[0]["last_used_at"] is not None
    (_, noted) = await in_trail(superuser, ada.id, "signed-in")
    assert (noted["methods"], noted["via"]) == (["pop", "user", "mfa"], "passkey")


async def test_without_user_verification_it_is_one_factor(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada, device = await join(), Authenticator(flags=UP)
    await add(client, ada, device)
    tokens = (await sign_in(client, device)).json()
    assert part(tokens["access_token"], 1)["amr"] == ["pop", "user"]
    await superuser.execute("UPDATE accounts SET second_factor = true WHERE id = $1", ada.id)
    needed = (await sign_in(client, device)).json()
    assert (needed["state"], needed["methods"]) == ("second-factor-needed", ["code", "recovery_code"])
    device.flags = UP | UV
    assert (await sign_in(client, device)).status_code == 200
    assert len(await in_trail(superuser, ada.id, "second-factor-asked")) == 1


@pytest.mark.parametrize(
    "key",
    [es256(), ed25519.Ed25519PrivateKey.generate(), rs256()],
    ids=["ES256", "EdDSA", "RS256"],
)
async def test_each_algorithm_signs_in(client: AsyncClient, join: Join, key: Key) -> None:
    device = Authenticator(key=key)
    await add(client, await join(), device)
    assert (await sign_in(client, device)).status_code == 200


async def test_a_challenge_opens_one_session(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada, device = await join(), Authenticator()
    await add(client, ada, device)
    answer = device.answer(await request_options(client))
    replies = await asyncio.gather(*(enter(client, answer) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] + [401] * 19
    assert {outcome(reply) for reply in replies if reply.is_error} == {REFUSED}
    assert await superuser.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", ada.id) == 2
    assert outcome(await enter(client, answer)) == REFUSED


async def test_a_new_passkeys_challenge_is_used_once(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await join()
    asked = await options(client, ada)
    made = [{"name": "Phone", "credential": Authenticator().make(asked)} for _ in range(5)]
    replies = await asyncio.gather(*(client.post(PASSKEYS, json=one, headers=ada.headers) for one in made))
    assert sorted(reply.status_code for reply in replies) == [201] + [400] * 4
    assert await superuser.fetchval("SELECT count(*) FROM passkeys WHERE account_id = $1", ada.id) == 1


async def test_adding_at_once_never_exceeds_the_limit(client: AsyncClient, join: Join) -> None:
    ada = await join()
    for _ in range(8):
        await add(client, ada, Authenticator())
    asked = [await options(client, ada) for _ in range(6)]
    made = [{"name": "Phone", "credential": Authenticator().make(one)} for one in asked]
    replies = await asyncio.gather(*(client.post(PASSKEYS, json=one, headers=ada.headers) for one in made))
    assert sorted(reply.status_code for reply in replies) == [201] * 2 + [409] * 4


async def test_two_removals_at_once_leave_a_way_in(client: AsyncClient, join: Join, superuser: Connection) -> None:
    for _ in range(5):
        ada = await join()
        added = [await add(client, ada, Authenticator()) for _ in range(2)]
        await superuser.execute("UPDATE accounts SET password_hash = '!' WHERE id = $1", ada.id)
        places = [f"{PASSKEYS}/{one['id']}" for one in added]
        replies = await asyncio.gather(*(client.delete(place, headers=ada.headers) for place in places))
        assert sorted(reply.status_code for reply in replies) == [204, 409]


async def test_a_counter_that_does_not_grow_is_refused_and_the_owner_goes_on(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """Somebody may have a copy of the key. The owner's own device passes the copy's counter, or is added again."""
    ada, device = await join(), Authenticator(counter=7)
    await add(client, ada, device)
    outcomes = []
    for counter in (8, 8, 3, 0, 9):
        device.counter = counter
        outcomes.append((await sign_in(client, device)).status_code)
    assert outcomes == [200, 401, 401, 401, 200]
    noted = await in_trail(superuser, ada.id, "passkey-copied")
    assert [line["reason"] for line in noted] == ["counter 8 after 8", "counter 3 after 8", "counter 0 after 8"]


async def test_a_device_that_does_not_count_signs_in_again_and_again(client: AsyncClient, join: Join) -> None:
    device = Authenticator(counter=0)
    await add(client, await join(), device)
    assert [(await sign_in(client, device)).status_code for _ in range(3)] == [200] * 3


async def test_backup_eligibility_never_changes_and_the_backup_state_is_kept(client: AsyncClient, join: Join) -> None:
    ada, device = await join(), Authenticator(flags=UP | UV | BE)
    await add(client, ada, device)

    async def backed_up() -> bool:
        return bool((await client.get(PASSKEYS, headers=ada.headers)).json()["items"][0]["backed_up"])

    assert await backed_up() is False
    device.flags = UP | UV | BE | BS
    assert (await sign_in(client, device)).status_code == 200
    assert await backed_up() is True
    device.flags = UP | UV
    assert outcome(await sign_in(client, device)) == REFUSED
    assert await backed_up() is True


async def test_every_refusal_looks_alike(
    client: AsyncClient, join: Join, manage: Manage, superuser: Connection
) -> None:
    """S-06"""
    ada, device, disabled = await join(), Authenticator(), Authenticator()
    await add(client, ada, device)
    grace = await join()
    await add(client, grace, disabled)
    await manage(lambda management: management.change(grace.id, SERVER, status="disabled"))
    forged = Authenticator(credential_id=device.credential_id, handle=device.handle)
    unknown = Authenticator(handle=device.handle)
    replies = [await sign_in(client, one) for one in (disabled, forged, unknown)]
    assert {outcome(reply) for reply in replies} == {REFUSED}
    assert len({reply.json()["detail"] for reply in replies}) == 1
    reasons = [line["reason"] for line in await in_trail(superuser, ada.id, "sign-in-refused")]
    assert reasons == ["malformed, or not signed for this site"], "the owner may know, in our words"
    reasons = [line["reason"] for line in await in_trail(superuser, grace.id, "sign-in-refused")]
    assert reasons == ["unknown passkey, or the account may not sign in"]


async def test_an_account_that_was_enabled_again_has_its_passkeys(
    client: AsyncClient, join: Join, manage: Manage
) -> None:
    ada, device = await join(), Authenticator()
    await add(client, ada, device)
    await manage(lambda management: management.change(ada.id, SERVER, status="disabled"))
    assert (await sign_in(client, device)).status_code == 401
    await manage(lambda management: management.change(ada.id, SERVER, status="active"))
    assert (await sign_in(client, device)).status_code == 200


async def test_further_origins_are_those_of_the_settings(settings: Settings, client: AsyncClient, join: Join) -> None:
    ada, device = await join(), Authenticator()
    await add(client, ada, device)
    device.origin = "https://app.example.net"
    assert outcome(await sign_in(client, device)) == REFUSED
    async with (
        running(settings.model_copy(update={"passkey_origins": [device.origin]})) as app,
        client_of(app) as elsewhere,
    ):
        assert (await sign_in(elsewhere, device)).status_code == 200
        related = (await elsewhere.get("/.well-known/webauthn")).json()
        assert related == {"origins": ["http://localhost:8000", device.origin]}
