"""The caller's own passkeys: adding, listing, renaming and removing them."""

import json

from fastapi import FastAPI
from httpx import AsyncClient

from auth.services.passkeys.own import MOST
from auth.services.passwords.hashing import NO_PASSWORD
from tests.auth.authenticator import BE, BS, ORIGIN, RP_ID, UP, UV, Authenticator, b64, unb64
from tests.auth.conftest import PASSWORD, Connection, Join, Member, outcome
from tests.auth.mails import mails
from tests.auth.passkeys import PASSKEYS, add, options, send, sign_in


async def listed(client: AsyncClient, member: Member) -> list[str]:
    reply = await client.get(PASSKEYS, headers=member.headers)
    return [one["name"] for one in reply.json()["items"]]


async def age(superuser: Connection, member: Member) -> None:
    """Make the member's sign-in eleven minutes older."""
    await superuser.execute(
        "UPDATE sessions SET created_at = created_at - interval '11 min',"
        " confirmed_at = confirmed_at - interval '11 min' WHERE account_id = $1",
        member.id,
    )


async def test_a_passkey_is_added_listed_renamed_and_removed(client: AsyncClient, join: Join) -> None:
    ada, phone = await join(), Authenticator(flags=UP | UV | BE | BS)
    reply = await send(client, ada, phone.make(await options(client, ada)))
    added = reply.json()
    assert reply.headers["location"] == f"/auth/passkeys/{added['id']}"
    assert (added["name"], added["backup_eligible"], added["backed_up"]) == ("Ada's phone", True, True)
    assert added["last_used_at"] is None
    await add(client, ada, Authenticator(), "A key")
    assert await listed(client, ada) == ["A key", "Ada's phone"]
    place = f"{PASSKEYS}/{added['id']}"
    renamed = await client.patch(place, json={"name": "Her phone"}, headers=ada.headers)
    assert (renamed.status_code, renamed.json()) == (200, {**added, "name": "Her phone"})
    assert (await sign_in(client, phone)).status_code == 200
    assert (await client.delete(place, headers=ada.headers)).status_code == 204
    assert await listed(client, ada) == ["A key"]
    assert outcome(await client.delete(place, headers=ada.headers)) == (404, "passkey-not-found")
    assert outcome(await sign_in(client, phone)) == (401, "wrong-credentials")


async def test_the_options_name_the_site_and_not_the_accounts_number(client: AsyncClient, join: Join) -> None:
    ada = await join()
    first, second = await options(client, ada), await options(client, ada)
    assert first["rp"] == {"id": RP_ID, "name": "Trivium"}
    assert (first["user"]["name"], first["user"]["displayName"]) == (ada.person.email, "Ada")
    assert first["user"]["id"] == second["user"]["id"], "so that a new passkey replaces the device's old one"
    assert str(ada.id).encode() not in unb64(first["user"]["id"])
    assert len(unb64(first["user"]["id"])) == 32
    assert first["challenge"] != second["challenge"]
    assert [one["alg"] for one in first["pubKeyCredParams"]] == [-7, -8, -257]
    assert first["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "preferred",
    }
    assert (first["attestation"], first["excludeCredentials"]) == ("none", [])
    device = Authenticator()
    await add(client, ada, device)
    excluded = (await options(client, ada))["excludeCredentials"]
    assert excluded == [{"type": "public-key", "id": b64(device.credential_id), "transports": ["hybrid", "internal"]}]
    other = await options(client, await join())
    assert other["user"]["id"] != first["user"]["id"]
    assert other["excludeCredentials"] == []


async def test_an_account_has_at_most_ten(client: AsyncClient, join: Join) -> None:
    ada = await join()
    early = await options(client, ada)
    for _ in range(MOST):
        await add(client, ada, Authenticator())
    reply = await client.post(f"{PASSKEYS}/options", headers=ada.headers)
    assert outcome(reply) == (409, "too-many-passkeys")
    assert outcome(await send(client, ada, Authenticator().make(early))) == (409, "too-many-passkeys")
    assert len(await listed(client, ada)) == MOST


async def test_nobody_changes_anothers_passkeys(client: AsyncClient, join: Join) -> None:
    ada, eve = await join(), await join()
    added = await add(client, ada, Authenticator())
    place = f"{PASSKEYS}/{added['id']}"
    assert outcome(await client.patch(place, json={"name": "Mine"}, headers=eve.headers)) == (404, "passkey-not-found")
    assert outcome(await client.delete(place, headers=eve.headers)) == (404, "passkey-not-found")
    assert await listed(client, eve) == []
    assert await listed(client, ada) == ["Ada's phone"]


async def test_one_passkey_belongs_to_one_account(client: AsyncClient, join: Join) -> None:
    ada, eve, device = await join(), await join(), Authenticator()
    await add(client, ada, device)
    for member in (ada, eve):
        again = await send(client, member, device.make(await options(client, member)))
        assert outcome(again) == (409, "passkey-taken")
    assert await listed(client, eve) == []


async def test_adding_and_removing_need_a_recent_proof(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada, device = await join(), Authenticator()
    added = await add(client, ada, device)
    early = await options(client, ada)
    place = f"{PASSKEYS}/{added['id']}"
    await age(superuser, ada)
    needed = (401, "insufficient-user-authentication")
    assert outcome(await client.post(f"{PASSKEYS}/options", headers=ada.headers)) == needed
    assert outcome(await send(client, ada, Authenticator().make(early))) == needed
    assert outcome(await client.delete(place, headers=ada.headers)) == needed
    wrong = await client.post("/auth/sign-in/step-up", json={"password": "not this one"}, headers=ada.headers)
    assert outcome(wrong) == (403, "wrong-password")
    assert outcome(await client.delete(place, headers=ada.headers)) == needed
    right = await client.post("/auth/sign-in/step-up", json={"password": PASSWORD}, headers=ada.headers)
    assert right.status_code == 200, right.text
    await add(client, ada, Authenticator(), "Another")
    assert (await client.delete(place, headers=ada.headers)).status_code == 204
    await age(superuser, ada)
    assert outcome(await client.post(f"{PASSKEYS}/options", headers=ada.headers)) == needed
    assert await listed(client, ada) == ["Another"]


async def test_a_step_up_is_of_one_session(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await join()
    other = Member(ada.person, (await client.post("/auth/token", data=form(ada))).json())
    await age(superuser, ada)
    await client.post("/auth/sign-in/step-up", json={"password": PASSWORD}, headers=other.headers)
    reply = await client.post(f"{PASSKEYS}/options", headers=ada.headers)
    assert outcome(reply) == (401, "insufficient-user-authentication")
    assert (await client.post(f"{PASSKEYS}/options", headers=other.headers)).status_code == 200


def form(member: Member) -> dict[str, str]:
    return {"username": member.person.email, "password": member.person.password}


async def test_the_last_way_in_stays(client: AsyncClient, join: Join, superuser: Connection) -> None:
    ada = await join()
    first, second = await add(client, ada, Authenticator()), await add(client, ada, Authenticator())
    await superuser.execute("UPDATE accounts SET password_hash = $1 WHERE id = $2", NO_PASSWORD, ada.id)
    assert (await client.post("/auth/token", data=form(ada))).status_code == 400, "no password fits"
    assert (await client.delete(f"{PASSKEYS}/{first['id']}", headers=ada.headers)).status_code == 204
    kept = await client.delete(f"{PASSKEYS}/{second['id']}", headers=ada.headers)
    assert outcome(kept) == (409, "last-way-in")
    assert len(await listed(client, ada)) == 1


async def test_the_owner_is_told_by_mail_and_the_trail_keeps_it(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await join()
    added = await add(client, ada, Authenticator())
    await add(client, ada, Authenticator())
    assert (await client.delete(f"{PASSKEYS}/{added['id']}", headers=ada.headers)).status_code == 204
    told = sorted(mail.subject for mail in await mails(app, ada.person.email) if "passkey" in mail.subject)
    assert told == ["A passkey was added to your account", "A passkey was removed from your account"], "once a minute"
    lines = await superuser.fetch(
        "SELECT action, detail FROM audit_events WHERE account_id = $1 AND action LIKE 'passkey%' ORDER BY id", ada.id
    )
    assert [line["action"] for line in lines] == ["passkey-added", "passkey-added", "passkey-removed"]
    assert json.loads(lines[2]["detail"])["passkey"] == added["id"]


async def test_a_repeated_request_with_its_key_adds_one_passkey(client: AsyncClient, join: Join) -> None:
    ada = await join()
    body = {"name": "Phone", "credential": Authenticator().make(await options(client, ada))}
    headers = {**ada.headers, "Idempotency-Key": "one"}
    replies = [await client.post(PASSKEYS, json=body, headers=headers) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    assert await listed(client, ada) == ["Phone"]


async def test_password_managers_and_browsers_find_the_site(client: AsyncClient) -> None:
    endpoints = (await client.get("/.well-known/passkey-endpoints")).json()
    page = "http://127.0.0.1:8000/settings/passkeys"
    assert endpoints == {"enroll": page, "manage": page}
    assert (await client.get("/.well-known/webauthn")).json() == {"origins": [ORIGIN]}
