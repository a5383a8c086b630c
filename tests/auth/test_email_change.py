"""Changing an account's address: `POST /auth/email` and its link."""

import asyncio
import json
from datetime import timedelta

from fastapi import FastAPI
from httpx import AsyncClient, Response

from common.contracts.events import AccountData
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
        (target, 2, new) for target in AccountData.targets
    }


async def test_the_later_request_supersedes_the_earlier_at_once(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    """The earlier address may be misspelt. A request needs the password, so no stranger can invalidate a link."""
    person, misspelt, new = await sign_up(), new_email(), new_email()
    token = (await sign_in(person)).json()["access_token"]
    links = []
    for email in (misspelt, new):
        assert (await ask(client, token, email)).status_code == 202
        links.append((await newest(app, email)).token)
    assert [(await confirm(client, link)).status_code for link in links] == [400, 204]


async def test_a_mail_of_a_superseded_request_that_still_waits_is_not_sent(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    misspelt, new = new_email(), new_email()
    token = (await sign_in(await sign_up())).json()["access_token"]
    for email in (misspelt, new):
        assert (await ask(client, token, email)).status_code == 202
    assert [len(await mails(app, email)) for email in (misspelt, new)] == [0, 1]


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


async def test_an_account_asks_five_times_an_hour_and_is_told_how_long_to_wait(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """However the new address varies. A refused request also invalidates the earlier link: a stranger may have it."""
    person, misspelt, right = await sign_up(), new_email(), new_email()
    token = (await sign_in(person)).json()["access_token"]
    for _ in range(4):
        assert (await ask(client, token, new_email())).status_code == 202
        await turn_back(superuser, timedelta(minutes=10))
    assert (await ask(client, token, misspelt)).status_code == 202
    link = (await newest(app, misspelt)).token
    refused = await ask(client, token, right)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-mails")
    assert 0 <= 20 * 60 - int(refused.headers["retry-after"]) < 60, "an hour after the first there is room again"
    assert await mails(app, right) == []
    assert (await confirm(client, link)).status_code == 400
    assert len([mail for mail in await mails(app, person.email) if mail.subject.startswith("A new")]) == 5
    await turn_back(superuser, timedelta(minutes=20))
    assert (await ask(client, token, right)).status_code == 202
    assert (await confirm(client, (await newest(app, right)).token)).status_code == 204


async def test_of_many_requests_at_once_an_account_gets_five_and_each_voids_the_one_before(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person = await sign_up()
    token = (await sign_in(person)).json()["access_token"]
    replies = await asyncio.gather(*(ask(client, token, new_email()) for _ in range(5)))
    assert {reply.status_code for reply in replies} == {202}
    good = "SELECT count(*) FROM one_time_tokens WHERE account_id = $1 AND purpose = 'email-change'"
    assert await superuser.fetchval(good, person.id) == 1
    replies = await asyncio.gather(*(ask(client, token, new_email()) for _ in range(3)))
    assert {reply.status_code for reply in replies} == {429}
    assert await superuser.fetchval(good, person.id) == 0
    told = "SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = 'email-change-requested'"
    assert await superuser.fetchval(told, person.id) == 5


async def test_a_stranger_who_asks_for_an_address_takes_nothing_from_its_owner(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    """Each gets a mail, which names the requesting account by two letters, without user-chosen text."""
    target = new_email()
    stranger = Person(0, f"win.a.prize{target.replace('example.com', 'visit-evil.example')}", PASSWORD)
    body = {"email": stranger.email, "password": PASSWORD, "name": "Eve"}
    assert (await client.post("/auth/register", json=body)).status_code == 201
    token = (await sign_in(stranger)).json()["access_token"]
    while (reply := await ask(client, token, target)).status_code == 202:
        last = await newest(app, target)
    assert reply.status_code == 429
    assert "the address w***@v*** now" in last.text
    assert not any(word in str(last.message) + last.html for word in ("prize", "evil", "Eve"))
    owner = await sign_up()
    assert (await ask(client, (await sign_in(owner)).json()["access_token"], target)).status_code == 202
    mail = await newest(app, target)
    assert f"the address {owner.email[0]}***@e*** now" in mail.text
    assert (await confirm(client, mail.token)).status_code == 204


async def test_many_accounts_share_what_an_address_gets_beyond_two_mails_for_each_and_take_nobodys_own_two(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    """Any of them may own the address. All together share twenty mails an hour."""
    target, answers = new_email(), []
    for _ in range(8):
        token = (await sign_in(await sign_up())).json()["access_token"]
        replies = await asyncio.gather(*(ask(client, token, target) for _ in range(5)))
        answers.append(sorted(reply.status_code for reply in replies))
        await mails(app, target)
    assert answers == [[202] * 5] * 6 + [[202] * 4 + [429], [202] * 2 + [429] * 3]
    owner = (await sign_in(await sign_up())).json()["access_token"]
    assert (await ask(client, owner, target)).status_code == 202
    assert (await confirm(client, (await newest(app, target)).token)).status_code == 204


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
