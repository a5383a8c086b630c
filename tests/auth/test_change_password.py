"""`POST /auth/password` (S-05), and the password policy of all routes."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tests.auth.conftest import PASSWORD, Connection, Person, SignIn, SignUp, bearer, new_email, refresh
from tests.auth.guessing import hold
from tests.auth.mails import mails

NEW = "another long passphrase"
REAL_HASHES = True


async def change(client: AsyncClient, token: str, current: str = PASSWORD, new: str = NEW) -> Response:
    body = {"current_password": current, "new_password": new}
    return await client.post("/auth/password", json=body, headers=bearer(token))


async def test_a_change_ends_all_other_sessions_and_the_old_password(
    app: FastAPI, client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """S-05"""
    person = await sign_up()
    here, there = [(await sign_in(person)).json() for _ in range(2)]
    reply = await change(client, here["access_token"])
    assert (reply.status_code, reply.content) == (204, b"")
    await app.state.revoked.read()
    assert (await client.get("/auth/me", headers=bearer(here["access_token"]))).status_code == 200
    assert (await client.get("/auth/me", headers=bearer(there["access_token"]))).status_code == 401
    assert (await refresh(client, here["refresh_token"])).status_code == 200
    assert (await refresh(client, there["refresh_token"])).status_code == 400
    assert (await sign_in(person)).status_code == 400
    assert (await sign_in(Person(person.id, person.email, NEW))).status_code == 200
    told = await superuser.fetchval("SELECT count(*) FROM outbox WHERE type = 'session.ended' AND target = 'users'")
    assert told == 1
    (mail,) = [mail for mail in await mails(app, person.email) if mail.subject == "Your password was changed"]
    assert ["API keys were revoked" in mail.text, "API keys were revoked" in mail.html, "#" in mail.text] == [
        True,
        True,
        False,
    ]
    detail = "SELECT detail::text FROM audit_events WHERE account_id = $1 AND action = 'password-changed'"
    assert await superuser.fetchval(detail, person.id) == '{"sessions_ended": 1}'


async def test_a_wrong_current_password_is_no_401_and_counts_like_a_failed_sign_in(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """S-05, S-10: a 401 would make clients refresh their token and try again."""
    person = await sign_up()
    token = (await sign_in(person)).json()["access_token"]
    for _ in range(3):
        reply = await change(client, token, current="not my passphrase")
        assert (reply.status_code, reply.json()["code"]) == (403, "wrong-password")
        assert "www-authenticate" not in reply.headers
    for _ in range(2):
        assert (await sign_in(Person(person.id, person.email, "wrong"))).status_code == 400
    await hold(superuser, person.email)
    for reply in (await change(client, token), await sign_in(person)):
        assert (reply.status_code, reply.json()["code"]) == (429, "sign-in-throttled")
    noted = "SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = 'password-refused'"
    assert await superuser.fetchval(noted, person.id) == 3


async def test_of_changes_at_once_one_wins(client: AsyncClient, sign_up: SignUp, sign_in: SignIn) -> None:
    person = await sign_up()
    token = (await sign_in(person)).json()["access_token"]
    news = [f"{NEW} {n}" for n in range(4)]
    replies = await asyncio.gather(*(change(client, token, new=new) for new in news))
    won = [new for new, reply in zip(news, replies, strict=True) if reply.status_code == 204]
    assert len(won) == 1
    assert {reply.status_code for reply in replies} == {204, 403}
    assert (await sign_in(Person(person.id, person.email, won[0]))).status_code == 200


async def test_a_sign_in_with_the_old_password_does_not_outlive_the_change(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """S-05: in either order, no session that was opened with the old password is left."""
    person = await sign_up()
    token = (await sign_in(person)).json()["access_token"]
    changed, *others = await asyncio.gather(change(client, token), *(sign_in(person) for _ in range(4)))
    assert changed.status_code == 204
    assert {reply.status_code for reply in others} <= {200, 400}
    open_ = await superuser.fetchval(
        "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL", person.id
    )
    assert open_ == 1


async def test_a_new_password_is_hashed_at_the_cost_that_owasp_asks_for(sign_up: SignUp, superuser: Connection) -> None:
    """S-01"""
    stored = await superuser.fetchval("SELECT password_hash FROM accounts WHERE id = $1", (await sign_up()).id)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_sign_ins_at_once_all_succeed_while_the_hash_is_renewed(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """S-01: the parameters were raised after the password was stored."""
    person = await sign_up()
    old = PasswordHash((Argon2Hasher(memory_cost=8192, time_cost=1, parallelism=1),)).hash(PASSWORD)
    await superuser.execute("UPDATE accounts SET password_hash = $2 WHERE id = $1", person.id, old)
    replies = await asyncio.gather(*(sign_in(person) for _ in range(2)))
    assert [reply.status_code for reply in replies] == [200, 200]
    stored = await superuser.fetchval("SELECT password_hash FROM accounts WHERE id = $1", person.id)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_weak_passwords_are_refused_on_change(client: AsyncClient, sign_up: SignUp, sign_in: SignIn) -> None:
    """S-04"""
    person = await sign_up()
    token = (await sign_in(person)).json()["access_token"]
    for weak in ("Password1", person.email, "Trivium2026"):
        reply = await change(client, token, new=weak)
        assert (reply.status_code, reply.json()["code"]) == (422, "weak-password")
        assert weak not in reply.text
    assert (await sign_in(person)).status_code == 200


@pytest.mark.parametrize("weak", ["password123", "QWERTY123", "Trivium!!1", "Lovelace1", "{local}1234"])
async def test_weak_passwords_are_refused_on_sign_up(client: AsyncClient, superuser: Connection, weak: str) -> None:
    """S-04"""
    email = new_email()
    password = weak.format(local=email.partition("@")[0])
    body = {"email": email, "password": password, "name": "Ada Lovelace"}
    reply = await client.post("/auth/register", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, "weak-password")
    assert password not in reply.text
    assert await superuser.fetchval("SELECT count(*) FROM accounts WHERE email = $1", email) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"current_password": PASSWORD},
        {"current_password": PASSWORD, "new_password": "short"},
        {"current_password": PASSWORD, "new_password": "x" * 257},
        {"current_password": "", "new_password": NEW},
        {"current_password": PASSWORD, "new_password": NEW, "account_id": 7},
    ],
)
async def test_bad_bodies_are_refused(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, body: dict[str, object]
) -> None:
    token = (await sign_in(await sign_up())).json()["access_token"]
    reply = await client.post("/auth/password", json=body, headers=bearer(token))
    assert (reply.status_code, reply.json()["code"]) == (422, "validation-failed")


async def test_nobody_changes_a_password_anonymously(client: AsyncClient) -> None:
    reply = await client.post("/auth/password", json={"current_password": PASSWORD, "new_password": NEW})
    assert reply.status_code == 401
