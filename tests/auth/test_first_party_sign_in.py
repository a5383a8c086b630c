"""Sign-in of the site's own pages: `POST /auth/sign-in`."""

import json

from httpx import AsyncClient

from tests.auth.conftest import Connection, SignUp, bearer, outcome
from tests.auth.test_access_tokens import part


async def test_a_password_opens_a_session(client: AsyncClient, sign_up: SignUp, superuser: Connection) -> None:
    person = await sign_up()
    reply = await client.post("/auth/sign-in", json={"email": person.email.upper(), "password": person.password})
    assert reply.status_code == 200, reply.text
    tokens = reply.json()
    assert tokens["state"] == "signed-in"
    assert reply.headers["cache-control"] == "no-store"
    assert part(tokens["access_token"], 1)["amr"] == ["pwd"]
    me = await client.get("/auth/me", headers=bearer(tokens["access_token"]))
    assert (me.json()["id"], me.json()["has_password"]) == (person.id, True)
    noted = "SELECT detail FROM audit_events WHERE account_id = $1 AND action = 'signed-in'"
    detail = json.loads(await superuser.fetchval(noted, person.id))
    assert (detail["methods"], detail["via"]) == (["pwd"], "password")


async def test_a_refusal_never_tells_the_reason(client: AsyncClient, sign_up: SignUp) -> None:
    """S-06"""
    person = await sign_up()
    wrong = await client.post("/auth/sign-in", json={"email": person.email, "password": "not this one"})
    unknown = await client.post("/auth/sign-in", json={"email": "nobody@example.com", "password": person.password})
    assert outcome(wrong) == outcome(unknown) == (401, "wrong-credentials")
    assert wrong.json()["detail"] == unknown.json()["detail"]
    assert "www-authenticate" in wrong.headers


async def test_wrong_passwords_count_together_with_those_of_the_oauth_grant(
    client: AsyncClient, sign_up: SignUp
) -> None:
    """S-10"""
    person = await sign_up()
    form = {"username": person.email, "password": "not this one"}
    for _ in range(3):
        await client.post("/auth/token", data=form)
        await client.post("/auth/sign-in", json={"email": person.email, "password": "not this one"})
    throttled = await client.post("/auth/sign-in", json={"email": person.email, "password": person.password})
    assert outcome(throttled) == (429, "sign-in-throttled")
    assert int(throttled.headers["retry-after"]) >= 1
