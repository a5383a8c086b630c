"""Signing in with a code that is sent by mail (`MAIL_CODES`)."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from pydantic import ValidationError

from auth.config import Settings
from auth.services.mail_codes.sign_in import MOST_TRIES, CodeMaker
from auth.services.throttle import hash_of
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import (
    PASSWORD,
    SERVER,
    Connection,
    Join,
    Manage,
    Person,
    SignUp,
    bearer,
    client_of,
    new_email,
    outcome,
    running,
)
from tests.auth.mails import mails, newest, relay
from tests.auth.passkeys import add
from tests.auth.second_factors import guard
from tests.auth.test_access_tokens import part
from tests.contract import Declared
from tests.queries import listening

CODE = re.compile(r"\b\d{8}\b")
REFUSED = (401, "code-not-valid")


@pytest.fixture(scope="module")
async def codes_app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(settings.model_copy(update={"mail_codes": True})) as app:
        yield app


@pytest.fixture(scope="module")
async def codes(codes_app: FastAPI) -> AsyncIterator[AsyncClient]:
    declared = Declared(codes_app)
    async with client_of(declared) as client:
        yield client
    assert declared.undeclared == []


async def ask(client: AsyncClient, email: str) -> str:
    reply = await client.post("/auth/sign-in/mail-code", json={"email": email})
    assert reply.status_code == 202, reply.text
    assert reply.json()["expires_in"] == 600
    return str(reply.json()["challenge"])


async def confirm(client: AsyncClient, challenge: str, code: str) -> Response:
    return await client.post("/auth/sign-in/mail-code/confirm", json={"challenge": challenge, "code": code})


async def mailed(app: FastAPI, email: str) -> str:
    mail = await newest(app, email)
    found = CODE.search(mail.text)
    assert found, mail.text
    assert found[0] in mail.subject
    assert found[0] in mail.html
    return found[0]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


async def noted(superuser: Connection, person: Person) -> list[str]:
    rows = await superuser.fetch("SELECT action FROM audit_events WHERE account_id = $1 ORDER BY id", person.id)
    return [row["action"] for row in rows]


async def test_the_code_signs_in_and_proves_the_address(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    challenge = await ask(codes, person.email)
    code = await mailed(codes_app, person.email)
    reply = await confirm(codes, challenge, f"{code[:4]} {code[4:]}")
    assert reply.status_code == 200, reply.text
    assert reply.json()["state"] == "signed-in"
    token = reply.json()["access_token"]
    assert part(token, 1)["amr"] == ["otp"]
    assert (await codes.get("/auth/me", headers=bearer(token))).json()["email_verified"] is True
    assert await noted(superuser, person) == [
        "registered",
        "email-verification-sent",
        "sign-in-code-sent",
        "email-verified",
        "signed-in",
    ]
    noted_via = "SELECT detail->>'via' FROM audit_events WHERE account_id = $1 AND action = 'signed-in'"
    assert await superuser.fetchval(noted_via, person.id) == "mail-code"
    assert outcome(await confirm(codes, challenge, code)) == REFUSED, "it works once"


async def test_twenty_uses_at_once_open_one_session(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    challenge = await ask(codes, person.email)
    code = await mailed(codes_app, person.email)
    replies = await asyncio.gather(*(confirm(codes, challenge, code) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200, *[401] * 19]
    assert await superuser.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", person.id) == 1


async def test_a_code_can_be_guessed_five_times_however_fast(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    challenge = await ask(codes, person.email)
    code = await mailed(codes_app, person.email)
    guesses = await asyncio.gather(*(confirm(codes, challenge, another(code)) for _ in range(12)))
    assert {outcome(reply) for reply in guesses} == {REFUSED}
    assert await superuser.fetchval("SELECT tries FROM sign_in_codes WHERE email = $1", person.email) == MOST_TRIES
    assert outcome(await confirm(codes, challenge, code)) == REFUSED


async def test_a_code_works_only_where_it_was_asked_for(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """Whoever is talked into telling a code gives away nothing."""
    person = await sign_up()
    theirs = await ask(codes, person.email)
    code = await mailed(codes_app, person.email)
    others = await ask(codes, person.email)
    assert outcome(await confirm(codes, others, code)) == REFUSED
    assert (await confirm(codes, theirs, code)).status_code == 200


async def test_every_refused_code_is_refused_alike(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection, manage: Manage
) -> None:
    """Unknown, of nobody's address, expired, of a disabled account, of a former address, or malformed."""
    old, disabled, moved = [await sign_up() for _ in range(3)]
    tried: list[tuple[str, str]] = [("x", "12345678"), (await ask(codes, new_email()), "12345678")]
    for person in (old, disabled, moved):
        challenge = await ask(codes, person.email)
        tried.append((challenge, await mailed(codes_app, person.email)))
    await superuser.execute("UPDATE sign_in_codes SET expires_at = now() WHERE email = $1", old.email)
    await manage(lambda management: management.change(disabled.id, SERVER, status="disabled"))
    await superuser.execute("UPDATE accounts SET email = $2 WHERE id = $1", moved.id, new_email())
    replies = [await confirm(codes, *each) for each in (*tried, (tried[1][0], "é"))]
    assert {outcome(reply) for reply in replies} == {REFUSED}
    for person in (old, disabled, moved):
        assert "signed-in" not in await noted(superuser, person)


async def test_asking_does_the_same_for_known_and_unknown_addresses(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp
) -> None:
    """S-08: so it takes as long."""
    said = []
    for email in ((await sign_up()).email, new_email()):
        with listening(codes_app) as queries:
            challenge = await ask(codes, email)
            await confirm(codes, challenge, "00000000")
            said.append([sql for sql, _ in await queries()])
    assert said[0] == said[1] != []


async def test_signing_out_everywhere_ends_waiting_codes(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, manage: Manage
) -> None:
    person = await sign_up()
    challenge = await ask(codes, person.email)
    code = await mailed(codes_app, person.email)
    await manage(lambda management: management.sign_out_everywhere(person.id, SERVER))
    assert outcome(await confirm(codes, challenge, code)) == REFUSED


async def test_a_deletion_ends_waiting_codes(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    kept = await superuser.fetchval("SELECT password_hash FROM accounts WHERE id = $1", person.id)
    challenge = await ask(codes, person.email)
    code = await mailed(codes_app, person.email)
    assert (await confirm(codes, challenge, code)).status_code == 200
    await superuser.execute("UPDATE accounts SET password_hash = $2 WHERE id = $1", person.id, kept)
    tokens = (await codes.post("/auth/sign-in", json={"email": person.email, "password": PASSWORD})).json()
    await ask(codes, person.email)
    reply = await codes.post(
        "/auth/account/deletion", json={"password": PASSWORD}, headers=bearer(tokens["access_token"])
    )
    assert reply.status_code == 202
    assert await superuser.fetchval("SELECT count(*) FROM sign_in_codes WHERE email = $1", person.email) == 0


async def test_nobody_is_flooded_with_codes(codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp) -> None:
    person = await sign_up()
    for _ in range(4):
        await ask(codes, person.email)
    await relay(codes_app)
    sent = [mail for mail in await mails(codes_app, person.email) if "code" in mail.subject]
    assert len(sent) == 1, "one a minute"


async def test_only_a_code_that_was_mailed_can_be_right(
    codes: AsyncClient, codes_app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """Over the limit of mails nobody has the code, so a guess is none of the owner's."""
    person = await sign_up()
    await ask(codes, person.email)
    await mailed(codes_app, person.email)
    unsent = await ask(codes, person.email)
    await relay(codes_app)
    secret = await superuser.fetchval("SELECT secret FROM sign_in_codes WHERE email = $1 AND NOT mailed", person.email)
    code = codes_app.state.mail_codes.codes.make(secret)
    assert outcome(await confirm(codes, unsent, code)) == REFUSED


async def test_who_signed_up_with_somebody_else_s_address_loses_the_account_to_them(
    codes: AsyncClient, codes_app: FastAPI, join: Join, superuser: Connection
) -> None:
    """Sign-up needs no proof: what was set up before the first proof is not known to be the owner's."""
    stranger = await join()
    made = await add(codes, stranger, Authenticator())
    await guard(superuser, stranger.id)
    key = hash_of(stranger.person.email)
    await superuser.execute("UPDATE sign_in_sources SET source = '198.51.100.7' WHERE address_hash = $1", key)
    challenge = await ask(codes, stranger.person.email)
    reply = await confirm(codes, challenge, await mailed(codes_app, stranger.person.email))
    assert reply.json()["state"] == "signed-in", "the stranger's second factor does not keep the owner out"
    owner = bearer(reply.json()["access_token"])
    assert (await codes.get("/auth/me", headers=owner)).json()["has_password"] is False
    assert (await codes.get("/auth/passkeys", headers=owner)).json()["items"] == [], made
    sign_in = {"email": stranger.person.email, "password": stranger.person.password}
    assert outcome(await codes.post("/auth/sign-in", json=sign_in)) == (401, "wrong-credentials")
    ended = "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL"
    assert await superuser.fetchval(ended, stranger.id) == 1, "the owner's"
    known = await superuser.fetch(
        "SELECT source FROM sign_in_sources WHERE address_hash = $1 AND succeeded_at IS NOT NULL", key
    )
    assert [row["source"] for row in known] == ["127.0.0.1"], "the owner's"


async def test_a_new_password_ends_waiting_codes(
    codes: AsyncClient, codes_app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await join()
    await superuser.execute("UPDATE accounts SET email_verified_at = now() WHERE id = $1", ada.id)
    challenge = await ask(codes, ada.person.email)
    code = await mailed(codes_app, ada.person.email)
    body = {"current_password": PASSWORD, "new_password": "seven brave tin spoons"}
    assert (await codes.post("/auth/password", json=body, headers=ada.headers)).status_code == 204
    assert outcome(await confirm(codes, challenge, code)) == REFUSED


async def test_an_address_that_must_be_proven_first_is_proven_by_the_code(settings: Settings, sign_up: SignUp) -> None:
    person = await sign_up()
    async with (
        running(settings.model_copy(update={"mail_codes": True, "require_verified_email": True})) as app,
        client_of(app) as client,
    ):
        challenge = await ask(client, person.email)
        assert (await confirm(client, challenge, await mailed(app, person.email))).status_code == 200


def test_codes_are_even_and_survive_a_change_of_the_key() -> None:
    old, new = CodeMaker("old key"), CodeMaker("new key", "old key")
    assert new.fits("secret", old.make("secret"))
    assert not CodeMaker("new key").fits("secret", old.make("secret"))
    made = [old.make(str(number)) for number in range(2000)]
    assert all(CODE.fullmatch(code) for code in made)
    firsts = [sum(code.startswith(str(digit)) for code in made) for digit in range(10)]
    assert min(firsts) > 140, firsts


def test_codes_need_a_way_to_send_mails(settings: Settings) -> None:
    with pytest.raises(ValidationError, match="MAIL_CODES needs SMTP_URL or MAIL_DIR"):
        Settings.model_validate(settings.model_dump() | {"mail_codes": True, "mail_dir": None})


async def test_without_the_setting_nothing_is_sent(client: AsyncClient, superuser: Connection) -> None:
    reply = await client.post("/auth/sign-in/mail-code", json={"email": (email := new_email())})
    assert outcome(reply) == (404, "mail-codes-off")
    assert await superuser.fetchval("SELECT count(*) FROM sign_in_codes WHERE email = $1", email) == 0
