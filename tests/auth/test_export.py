"""auth's part of an account's export."""

from httpx import AsyncClient

from auth.services.records import Role
from tests.auth.conftest import Join, ServiceSignIn, SignIn, SignUp, bearer, patch


async def test_an_account_is_told_of_itself_its_devices_and_its_history(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, service_token: ServiceSignIn
) -> None:
    ada, other = await sign_up(), await sign_up()
    for person in (ada, ada, other):
        assert (await sign_in(person)).status_code == 200
    headers = bearer(await service_token("svc:users"))
    reply = await client.get(f"/internal/export/{ada.id}", headers=headers)
    assert reply.status_code == 200, reply.text
    page = reply.json()
    assert page["next"] is None
    (account,) = page["sections"]["account"]
    assert (account["id"], account["email"]) == (ada.id, ada.email)
    devices = page["sections"]["sessions"]
    assert [(device["ip"], device["ended_at"]) for device in devices] == [("127.0.0.1", None)] * 2
    assert all(isinstance(event["detail"], dict) for event in page["sections"]["history"])
    for secret in (ada.password, "password_", "argon2", "secret", "hash"):  # `password` is a way in, in the history
        assert secret not in reply.text
    nobody = (await client.get("/internal/export/7", headers=headers)).json()
    assert nobody["sections"] == {
        "account": [],
        "sessions": [],
        "second_factor": [],
        "trusted_devices": [],
        "api_keys": [],
        "passkeys": [],
        "identities": [],
        "history": [],
    }


async def test_of_what_others_did_to_the_account_the_history_has_no_reason(
    client: AsyncClient, join: Join, service_token: ServiceSignIn
) -> None:
    """It may name other people, or a ticket."""
    admin, ada = await join(Role.admin), await join()
    assert (await patch(client, admin, ada.id, roles=["moderator"], reason="Because of Bob.")).status_code == 200
    reply = await client.get(f"/internal/export/{ada.id}", headers=bearer(await service_token("svc:users")))
    (line,) = [line for line in reply.json()["sections"]["history"] if line["action"] == "roles-changed"]
    assert (line["by_yourself"], line["ip"]) == (False, None)
    assert line["detail"] == {"before": [], "after": ["moderator"]}


async def test_the_export_of_an_account_that_is_being_deleted_is_refused(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, service_token: ServiceSignIn
) -> None:
    ada = await sign_up()
    own = bearer((await sign_in(ada)).json()["access_token"])
    asked = await client.post("/auth/account/deletion", json={"password": ada.password}, headers=own)
    assert asked.status_code == 202, asked.text
    reply = await client.get(f"/internal/export/{ada.id}", headers=bearer(await service_token("svc:users")))
    assert (reply.status_code, reply.json()["code"]) == (404, "account-gone")


async def test_only_users_may_ask(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, service_token: ServiceSignIn
) -> None:
    """S-28"""
    ada = await sign_up()
    path = f"/internal/export/{ada.id}"
    own = bearer((await sign_in(ada)).json()["access_token"])
    assert [(await client.get(path, headers=headers)).status_code for headers in ({}, own)] == [401, 403]
    posts = bearer(await service_token("svc:posts"))  # only with posts
    assert (await client.get(path, headers=posts)).status_code == 403  # only with posts
    for after in ("nothing:1", "sessions:7", "account:x"):
        reply = await client.get(f"{path}?after={after}", headers=bearer(await service_token("svc:users")))
        assert reply.status_code == 422
