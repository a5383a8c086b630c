"""Verifying an address: `POST /auth/verify-email` and its link. The common properties of links are tested here."""

import asyncio
import hashlib
import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from pydantic import SecretStr

from auth.config import Settings
from tests.auth.conftest import PASSWORD, Connection, SignIn, SignUp, bearer, client_of, new_email, running
from tests.auth.mails import mails, newest, relay
from tests.queries import listening


async def ask(client: AsyncClient, email: str, headers: dict[str, str] | None = None) -> Response:
    return await client.post("/auth/verify-email", json={"email": email}, headers=headers)


async def confirm(client: AsyncClient, token: str) -> Response:
    return await client.post("/auth/verify-email/confirm", json={"token": token})


async def turn_back(superuser: Connection, by: timedelta) -> None:
    """Let time pass for sent mails."""
    await superuser.execute(
        "UPDATE mail_counts SET last_at = last_at - $1::interval,"
        " sent_at = ARRAY(SELECT t - $1::interval FROM unnest(sent_at) AS t)",
        by,
    )


async def is_verified(superuser: Connection, account_id: int) -> bool:
    return bool(
        await superuser.fetchval("SELECT email_verified_at IS NOT NULL FROM accounts WHERE id = $1", account_id)
    )


async def test_signing_up_mails_a_link_that_proves_the_address_once(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    mail = await newest(app, person.email)
    assert mail.subject == "Confirm your e-mail address"
    assert f"{app.state.settings.issuer}/#verify-email={mail.token}" in mail.text
    assert f'<a href="{app.state.settings.issuer}/#verify-email={mail.token}">' in mail.html
    assert "24 hours" in mail.text
    assert (await confirm(client, mail.token)).status_code == 204
    token = (await sign_in(person)).json()["access_token"]
    assert (await client.get("/auth/me", headers=bearer(token))).json()["email_verified"] is True


async def test_a_link_opened_twenty_times_at_once_acts_once_and_tells_all_that_it_is_done(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    mail = await newest(app, person.email)
    replies = await asyncio.gather(*(confirm(client, mail.token) for _ in range(20)))
    assert [reply.status_code for reply in replies] == [204] * 20
    noted = "SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = 'email-verified'"
    assert await superuser.fetchval(noted, person.id) == 1


async def test_a_link_opened_again_tells_that_the_address_is_confirmed_while_that_is_so(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """Also the first of two, opened after the second: a new request would send no mail."""
    person = await sign_up()
    first = (await newest(app, person.email)).token
    await turn_back(superuser, timedelta(minutes=1))
    await ask(client, person.email)
    second = (await newest(app, person.email)).token
    when = "SELECT email_verified_at FROM accounts WHERE id = $1"
    assert (await confirm(client, second)).status_code == 204
    proven = await superuser.fetchval(when, person.id)
    assert [(await confirm(client, link)).status_code for link in (first, second)] == [204, 204]
    assert await superuser.fetchval(when, person.id) == proven

    await superuser.execute("UPDATE accounts SET email = $2 WHERE id = $1", person.id, new_email())
    assert [(await confirm(client, link)).status_code for link in (first, second)] == [400, 400]


async def test_every_refused_link_is_refused_alike(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """Unknown, expired, for another purpose, of a disabled account, or of a former address."""
    old, other, disabled, moved = [await sign_up() for _ in range(4)]
    tokens = {person.id: (await newest(app, person.email)).token for person in (old, other, disabled, moved)}
    await superuser.execute("UPDATE one_time_tokens SET expires_at = now() WHERE account_id = $1", old.id)
    await client.post("/auth/password-reset", json={"email": other.email})
    tokens[other.id] = (await newest(app, other.email)).token
    await superuser.execute("UPDATE accounts SET status = 'disabled' WHERE id = $1", disabled.id)
    await superuser.execute("UPDATE accounts SET email = $2 WHERE id = $1", moved.id, new_email())
    replies = [await confirm(client, token) for token in (*tokens.values(), "x", "é", "A" * 43)]
    bodies = {tuple(sorted((reply.json() | {"instance": ""}).items())) for reply in replies}
    assert len(bodies) == 1
    assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {(400, "link-not-valid")}
    assert not any([await is_verified(superuser, account_id) for account_id in tokens])


async def test_asking_answers_the_same_for_known_and_unknown_addresses(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """S-08. Only unverified accounts get a mail."""
    known, verified, disabled, nobody = (await sign_up()).email, await sign_up(), await sign_up(), new_email()
    await confirm(client, (await newest(app, verified.email)).token)
    await relay(app)
    await superuser.execute("UPDATE accounts SET status = 'disabled' WHERE id = $1", disabled.id)
    await turn_back(superuser, timedelta(minutes=1))
    before = len(await mails(app, known))
    replies = [await ask(client, email) for email in (known, known.upper(), verified.email, disabled.email, nobody)]
    assert {(reply.status_code, reply.content) for reply in replies} == {(202, b"")}
    sets = {tuple(name for name in reply.headers if name != "x-request-id") for reply in replies}
    assert len(sets) == 1
    sent = {email: len(await mails(app, email)) for email in (known, verified.email, disabled.email, nobody)}
    assert sent == {known: before + 1, verified.email: 1, disabled.email: 1, nobody: 0}


async def test_asking_does_the_same_for_known_and_unknown_addresses(
    client: AsyncClient, app: FastAPI, sign_up: SignUp
) -> None:
    """S-08: so it takes as long."""
    said = []
    for email in ((await sign_up()).email, new_email()):
        with listening(app) as queries:
            await client.post("/auth/password-reset", json={"email": email})
            said.append([sql for sql, _ in await queries()])
    assert said[0] == said[1] != []


async def test_nobody_is_flooded(client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection) -> None:
    """One mail of a kind per minute and five per hour, for all callers and replicas together."""
    email = (await sign_up()).email
    for minute in range(8):
        await asyncio.gather(*(ask(client, email) for _ in range(5)))
        assert len(await mails(app, email)) == min(minute + 1, 5)
        await turn_back(superuser, timedelta(minutes=1))
    await client.post("/auth/password-reset", json={"email": email})
    assert (await newest(app, email)).subject == "Choose a new password", "another kind is counted by itself"
    await turn_back(superuser, timedelta(minutes=52))
    for _ in range(2):
        await ask(client, email)
    assert len(await mails(app, email)) == 7, "an hour after the first there is room for one"


async def test_who_is_signed_in_is_told_what_comes_of_asking_for_their_own_address(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """For other addresses and other callers, the answer does not change (S-08)."""
    person, other = await sign_up(), await sign_up()
    await relay(app)
    me = bearer((await sign_in(person)).json()["access_token"])
    limited = await ask(client, person.email.upper(), me)
    assert (limited.status_code, limited.json()["code"]) == (429, "too-many-mails")
    assert 0 < int(limited.headers["retry-after"]) <= 60
    assert len(await mails(app, person.email)) == 1
    for email, headers in ((person.email, {}), (other.email, me), (new_email(), me)):
        assert (await ask(client, email, headers)).status_code == 202
    await turn_back(superuser, timedelta(minutes=1))
    assert (await ask(client, person.email, me)).status_code == 202
    mail = (await mails(app, person.email))[1]
    assert (await confirm(client, mail.token)).status_code == 204
    done = await ask(client, person.email, me)
    assert (done.status_code, done.json()["code"]) == (409, "email-already-verified")
    assert (await ask(client, person.email)).status_code == 202


async def test_of_many_requests_of_ones_own_at_once_one_is_answered_and_the_others_are_told(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """Concurrent requests by strangers count too."""
    person = await sign_up()
    await relay(app)
    await turn_back(superuser, timedelta(minutes=1))
    me = bearer((await sign_in(person)).json()["access_token"])
    replies = await asyncio.gather(*(ask(client, person.email, headers) for headers in [me, {}] * 5))
    await relay(app)
    assert sorted(reply.status_code for reply in replies[::2]) == [202] + [429] * 4
    assert {reply.status_code for reply in replies[1::2]} == {202}
    assert len(await mails(app, person.email)) == 2


async def test_many_relays_send_one_mail(
    client: AsyncClient, app: FastAPI, settings: Settings, sign_up: SignUp, superuser: Connection
) -> None:
    email = (await sign_up()).email
    await relay(app)
    await turn_back(superuser, timedelta(minutes=1))
    for _ in range(10):
        await ask(client, email)
    channels = [(other, other.channels["auth"]) for other in [app.state.relay]]
    async with running(settings) as second:
        channels.append((second.state.relay, second.state.relay.channels["auth"]))
        for _, channel in channels:
            channel.batch = 1
        await asyncio.gather(*(one.step("auth", channel) for one, channel in channels * 5))
    for _, channel in channels:
        channel.batch = 100
    assert len(await mails(app, email)) == 2


async def test_a_mail_outlives_a_change_of_the_key(
    client: AsyncClient, app: FastAPI, settings: Settings, sign_up: SignUp
) -> None:
    """REFRESH_KEY was changed while the mail waited, and the previous one is in REFRESH_KEY_PREVIOUS."""
    person = await sign_up()
    await relay(app, "auth")
    keys = {"refresh_key": SecretStr("k" * 40), "refresh_key_previous": settings.refresh_key}
    async with running(settings.model_copy(update=keys)) as later, client_of(later) as renewed:
        mail = await newest(later, person.email)
        assert (await confirm(renewed, mail.token)).status_code == 204


async def test_nothing_of_a_token_is_in_the_database_that_makes_it(
    client: AsyncClient, app: FastAPI, superuser: Connection, sign_up: SignUp
) -> None:
    """The database alone is not enough to make a token: neither its hash nor the mail in the outbox."""
    person = await sign_up()
    await relay(app, "auth")
    waiting = await superuser.fetchrow("SELECT * FROM outbox WHERE target = 'smtp'")
    stored = await superuser.fetchrow("SELECT * FROM one_time_tokens WHERE account_id = $1", person.id)
    mail = await newest(app, person.email)
    assert waiting is not None
    assert stored is not None
    assert stored["token_hash"] == hashlib.sha256(mail.token.encode()).digest()
    assert mail.token not in f"{waiting!r}{stored!r}"
    secret = re.search(r'"secret": "([^"]+)"', waiting["data"])
    assert secret
    assert (await confirm(client, secret[1])).status_code == 400
    assert await superuser.fetchval("SELECT count(*) FROM outbox WHERE target IN ('smtp', 'auth')") == 0


async def test_nobody_can_have_us_send_their_words(client: AsyncClient, app: FastAPI) -> None:
    """A name is the one free text of a sign-up, and the address may be somebody else's."""
    email, name = new_email(), 'Win <b>now</b> at "evil.example" $link'
    person = {"email": email, "password": PASSWORD, "name": name}
    assert (await client.post("/auth/register", json=person)).status_code == 201
    mail = await newest(app, email)
    assert not any(word in str(mail.message) + mail.text + mail.html for word in ("evil", "Win", "<b>", "$link"))


@pytest.mark.parametrize(
    ("address", "mailed_to"),
    [
        ("Info@STRASSE.de", "info@strasse.de"),
        ("info@straße.de", "info@xn--strae-oqa.de"),
        ("grüße@exämple.com", "grüße@xn--exmple-cua.com"),
    ],
    ids=ascii,
)
async def test_mails_go_to_the_mailbox_that_signed_up(
    client: AsyncClient, app: FastAPI, address: str, mailed_to: str
) -> None:
    """Not to `strasse` for `straße`: the recipient of a mail can take over the account."""
    person = {"email": address, "password": PASSWORD, "name": "Ada"}
    assert (await client.post("/auth/register", json=person)).status_code == 201
    mail = await newest(app, mailed_to)
    assert (await confirm(client, mail.token)).status_code == 204


async def test_where_addresses_must_be_proven_an_unproven_one_is_refused_like_a_wrong_password(
    settings: Settings, superuser: Connection
) -> None:
    """S-06, REQUIRE_VERIFIED_EMAIL."""
    async with running(settings.model_copy(update={"require_verified_email": True})) as app, client_of(app) as client:
        person = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
        await client.post("/auth/register", json=person)
        form = {"username": person["email"], "password": PASSWORD}
        unproven = await client.post("/auth/token", data=form)
        wrong = await client.post("/auth/token", data=form | {"password": "another passphrase"})
        assert unproven.status_code == wrong.status_code == 400
        assert unproven.json() | {"instance": ""} == wrong.json() | {"instance": ""}
        await confirm(client, (await newest(app, person["email"])).token)
        assert (await client.post("/auth/token", data=form)).status_code == 200


async def test_the_trail_tells_of_it_without_the_address(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """S-46"""
    person = await sign_up()
    await confirm(client, (await newest(app, person.email)).token)
    lines = await superuser.fetch(
        "SELECT action, actor, ip, detail::text FROM audit_events WHERE account_id = $1 AND action LIKE 'email%'"
        " ORDER BY id",
        person.id,
    )
    assert [tuple(line) for line in lines] == [
        ("email-verification-sent", "anonymous", "127.0.0.1", '{"to": "p***@example.com"}'),
        ("email-verified", str(person.id), "127.0.0.1", "{}"),
    ]
