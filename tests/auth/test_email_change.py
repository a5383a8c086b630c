"""Another address for an account: `POST /auth/email` and its link."""

import asyncio
import json
from datetime import timedelta

from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.auth.conftest import PASSWORD, Connection, Person, SignIn, SignUp, bearer, new_email, refresh
from tests.auth.mails import mails, newest, relay
from tests.auth.test_email_verification import turn_back


async def ask(client: AsyncClient, access_token: str, email: str, password: str = PASSWORD) -> Response:
    return await client.post("/auth/email", json={"email": email, "password": password}, headers=bearer(access_token))


async def confirm(client: AsyncClient, token: str) -> Response:
    return await client.post("/auth/email/confirm", json={"token": token})


async def test_an_address_is_changed_by_password_and_a_link_that_the_new_one_gets(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person, new = await sign_up(), new_email()
    await relay(app)
    device = (await sign_in(person)).json()
    assert (await ask(client, device["access_token"], new)).status_code == 202
    assert (await sign_in(person)).status_code == 200, "nothing has changed yet"
    assert (await newest(app, person.email)).subject == "A new e-mail address for your account"
    mail = await newest(app, new)
    assert (mail.subject, f"/#email-change={mail.token}" in mail.text) == ("Confirm your new e-mail address", True)
    assert person.email not in str(mail.message)
    replies = await asyncio.gather(*(confirm(client, mail.token) for _ in range(5)))
    assert [reply.status_code for reply in replies] == [204] * 5, "who opens the link again is told that it is changed"
    assert (await sign_in(person)).status_code == 400
    assert (await sign_in(Person(person.id, new, PASSWORD))).status_code == 200
    last = await newest(app, person.email)
    assert (last.subject, new in last.text) == ("Your e-mail address was changed", False)
    me = await client.get("/auth/me", headers=bearer(device["access_token"]))
    assert (me.status_code, me.json()["email"], me.json()["email_verified"]) == (200, new, True)
    assert (await refresh(client, device["refresh_token"])).status_code == 200, "devices stay signed in"
    told = await superuser.fetch("SELECT target, version, data FROM outbox WHERE subject = $1", f"account:{person.id}")
    assert {(row["target"], row["version"], json.loads(row["data"])["email"]) for row in told} == {
        ("users", 2, new),
        ("posts", 2, new),
    }


async def test_the_address_that_was_asked_for_before_is_not_the_accounts_any_more(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """It may have been misspelt; and asking takes the password, so no stranger takes a link away so."""
    person, misspelt, new = await sign_up(), new_email(), new_email()
    token = (await sign_in(person)).json()["access_token"]
    links = []
    for email in (misspelt, new):
        assert (await ask(client, token, email)).status_code == 202
        links.append((await newest(app, email)).token)
        await turn_back(superuser, timedelta(minutes=1))
    assert [(await confirm(client, link)).status_code for link in links] == [400, 204]


async def test_a_link_that_has_changed_the_address_does_not_change_it_back(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person, links = await sign_up(), []
    token = (await sign_in(person)).json()["access_token"]
    for email in (new_email(), person.email, new_email()):
        assert (await ask(client, token, email)).status_code == 202
        links.append((await newest(app, email)).token)
        assert (await confirm(client, links[-1])).status_code == 204
        assert [(await confirm(client, link)).status_code for link in links] == [*[400] * (len(links) - 1), 204]
        await turn_back(superuser, timedelta(minutes=1))


async def test_a_wrong_password_changes_nothing_and_is_noted(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person, new = await sign_up(), new_email()
    token = (await sign_in(person)).json()["access_token"]
    reply = await ask(client, token, new, "a wrong passphrase")
    assert (reply.status_code, reply.json()["code"]) == (403, "wrong-password")
    assert await mails(app, new) == []
    assert (await client.post("/auth/email", json={"email": new, "password": PASSWORD})).status_code == 401
    noted = "SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = 'password-refused'"
    assert await superuser.fetchval(noted, person.id) == 1


async def test_a_taken_address_is_told_only_to_who_reads_its_mail(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    """S-08"""
    person, other = await sign_up(), await sign_up()
    await relay(app)
    token = (await sign_in(person)).json()["access_token"]
    assert (await ask(client, token, other.email)).status_code == 202
    reply = await confirm(client, (await newest(app, other.email)).token)
    assert (reply.status_code, reply.json()["code"]) == (409, "email-taken")
    assert (await sign_in(person)).status_code == (await sign_in(other)).status_code == 200


async def test_of_five_accounts_that_want_one_address_one_gets_it(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    new, links = new_email(), []
    for person in [await sign_up() for _ in range(5)]:
        assert (await ask(client, (await sign_in(person)).json()["access_token"], new)).status_code == 202
        links.append((await newest(app, new)).token)
        await turn_back(superuser, timedelta(minutes=1))
    replies = await asyncio.gather(*(confirm(client, token) for token in links))
    assert sorted(reply.status_code for reply in replies) == [204] + [409] * 4


async def test_neither_address_is_flooded(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """However the new address is varied, and whoever asks for it."""
    person, other, target = await sign_up(), await sign_up(), new_email()
    await relay(app)
    token = (await sign_in(person)).json()["access_token"]
    for email in (target, target, new_email()):
        assert (await ask(client, token, email)).status_code == 202
    assert (await ask(client, (await sign_in(other)).json()["access_token"], target)).status_code == 202
    assert len(await mails(app, target)) == 1
    assert [mail.subject for mail in await mails(app, person.email)][1:] == ["A new e-mail address for your account"]


async def test_a_change_of_address_voids_the_links_to_the_old_one(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    person, new = await sign_up(), new_email()
    verification = (await newest(app, person.email)).token
    await client.post("/auth/password-reset", json={"email": person.email})
    reset = (await newest(app, person.email)).token
    await ask(client, (await sign_in(person)).json()["access_token"], new)
    assert (await confirm(client, (await newest(app, new)).token)).status_code == 204
    body = {"token": reset, "new_password": "an entirely new passphrase"}
    assert (await client.post("/auth/password-reset/confirm", json=body)).status_code == 400
    assert (await client.post("/auth/verify-email/confirm", json={"token": verification})).status_code == 400
    await relay(app)


async def test_the_trail_tells_of_it_without_the_addresses(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """S-46"""
    person, new = await sign_up(), new_email()
    await ask(client, (await sign_in(person)).json()["access_token"], new)
    await confirm(client, (await newest(app, new)).token)
    lines = await superuser.fetch(
        "SELECT action, detail::text FROM audit_events WHERE account_id = $1 AND action LIKE 'email-change%'"
        " ORDER BY id",
        person.id,
    )
    assert [tuple(line) for line in lines] == [
        ("email-change-requested", '{"to": "p***@example.com"}'),
        ("email-changed", '{"after": "p***@example.com", "before": "p***@example.com"}'),
    ]
