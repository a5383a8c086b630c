"""Resetting a password by mail: `POST /auth/password-reset` and its link."""

import asyncio
from datetime import timedelta

from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.repositories.mail_counts import hash_address
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import Connection, Join, Member, Person, SignIn, SignUp, bearer, new_email, refresh
from tests.auth.mails import mails, newest, relay
from tests.auth.passkeys import add
from tests.auth.passkeys import sign_in as sign_in_by
from tests.auth.second_factors import guard
from tests.auth.test_email_verification import turn_back

NEW = "an entirely new passphrase"


async def ask(client: AsyncClient, email: str) -> None:
    assert (await client.post("/auth/password-reset", json={"email": email})).status_code == 202


async def confirm(client: AsyncClient, token: str, password: str = NEW) -> Response:
    return await client.post("/auth/password-reset/confirm", json={"token": token, "new_password": password})


async def link(client: AsyncClient, app: FastAPI, email: str) -> str:
    await ask(client, email)
    mail = await newest(app, email)
    assert (mail.subject, f"/#password-reset={mail.token}" in mail.text) == ("Choose a new password", True)
    assert "within 1 hour" in mail.text
    return mail.token


async def test_a_reset_changes_the_password_once_proves_the_address_and_tells_the_owner(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    token = await link(client, app, person.email)
    assert (await confirm(client, token)).status_code == 204
    again = await confirm(client, token, "yet another passphrase")
    assert (again.status_code, again.json()["code"]) == (400, "link-not-valid")
    assert (await sign_in(person)).status_code == 400
    signed_in = await sign_in(Person(person.id, person.email, NEW))
    me = await client.get("/auth/me", headers=bearer(signed_in.json()["access_token"]))
    assert me.json()["email_verified"] is True
    told = await newest(app, person.email)
    assert (told.subject, "#" in told.text) == ("Your password was changed", False)


async def test_a_reset_that_proves_the_address_removes_what_a_stranger_set_up_before(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    """Sign-up needs no proof, so whoever opened the account may be somebody else."""
    stranger, device = await join(), Authenticator()
    await add(client, stranger, device)
    await guard(superuser, stranger.id)
    assert (await confirm(client, await link(client, app, stranger.person.email))).status_code == 204
    assert (await sign_in_by(client, device)).status_code == 401
    reply = await client.post("/auth/sign-in", json={"email": stranger.person.email, "password": NEW})
    assert reply.json()["state"] == "signed-in", "the stranger's second factor is gone"
    again = Authenticator()
    await add(client, Member(stranger.person, reply.json()), again)
    await superuser.execute("DELETE FROM mail_counts")
    assert (await confirm(client, await link(client, app, stranger.person.email), NEW + "!")).status_code == 204
    assert (await sign_in_by(client, again)).status_code == 200, "the owner's own stays"


async def test_of_twenty_resets_at_once_one_succeeds(client: AsyncClient, app: FastAPI, sign_up: SignUp) -> None:
    token = await link(client, app, (await sign_up()).email)
    replies = await asyncio.gather(*(confirm(client, token, f"{NEW} {n}") for n in range(20)))
    assert sorted(reply.status_code for reply in replies) == [204] + [400] * 19


async def test_nobody_keeps_an_owner_from_a_link_by_asking_for_more(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """S-11: while an address is over its limit, all its links work."""

    async def let_pass(time: timedelta) -> None:
        await turn_back(superuser, time)
        await superuser.execute("UPDATE one_time_tokens SET expires_at = expires_at - $1::interval", time)

    email = (await sign_up()).email
    tokens = []
    for _ in range(5):
        tokens.append(await link(client, app, email))
        await let_pass(timedelta(minutes=1))
    await let_pass(timedelta(minutes=54))
    before = len(await mails(app, email))
    await ask(client, email)
    assert len(await mails(app, email)) == before, "enough for this hour"
    assert (await confirm(client, tokens[0])).status_code == 204
    for token in tokens[1:]:
        assert (await confirm(client, token)).status_code == 400, "voided by the one that was used"


async def test_of_several_links_used_at_once_one_succeeds(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    email, tokens = (await sign_up()).email, []
    for _ in range(5):
        tokens.append(await link(client, app, email))
        await turn_back(superuser, timedelta(minutes=1))
    replies = await asyncio.gather(*(confirm(client, token, f"{NEW} {n}") for n, token in enumerate(tokens * 4)))
    assert sorted(reply.status_code for reply in replies) == [204] + [400] * 19


async def test_a_password_that_is_refused_does_not_use_the_link_up(
    client: AsyncClient, app: FastAPI, sign_up: SignUp
) -> None:
    token = await link(client, app, (await sign_up()).email)
    assert (await confirm(client, token, "short")).status_code == 422
    assert (await confirm(client, token)).status_code == 204


async def test_a_reset_ends_all_sessions_at_once(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    """S-26, S-27"""
    person = await sign_up()
    devices = [(await sign_in(person)).json() for _ in range(2)]
    assert (await confirm(client, await link(client, app, person.email))).status_code == 204
    await app.state.revoked.read()
    for device in devices:
        assert (await client.get("/auth/me", headers=bearer(device["access_token"]))).status_code == 401
        assert (await refresh(client, device["refresh_token"])).status_code == 400


async def test_a_reset_lifts_the_throttle_of_the_address(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """S-10: "until a reset"."""
    person, other = await sign_up(), await sign_up()
    for email in (person.email, other.email):
        await superuser.execute(
            "INSERT INTO sign_in_addresses (address_hash, attempts, kept_until) VALUES ($1, 100, 'infinity')",
            hash_address(email),
        )
        await superuser.execute(
            "INSERT INTO sign_in_sources (address_hash, source, failures, blocked_until, succeeded_at, kept_until)"
            " VALUES ($1, '192.0.2.7', 9, now() + interval '15 min', now(), 'infinity')",
            hash_address(email),
        )
    await confirm(client, await link(client, app, person.email))
    failures = (
        "SELECT failures, blocked_until IS NULL, succeeded_at IS NULL FROM sign_in_sources"
        " WHERE address_hash = $1 AND source = '192.0.2.7'"
    )
    attempts = "SELECT coalesce(sum(attempts), 0) FROM sign_in_addresses WHERE address_hash = $1"
    for email, expected in ((person.email, ((), 0)), (other.email, ((9, False, False), 100))):
        row = await superuser.fetchrow(failures, hash_address(email))
        assert (tuple(row or ()), await superuser.fetchval(attempts, hash_address(email))) == expected


async def test_a_reset_voids_every_other_link_that_could_still_act(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, sign_in: SignIn
) -> None:
    """Somebody who knew the old password must not be able to move the account to another address."""
    person, elsewhere = await sign_up(), new_email()
    verification = (await newest(app, person.email)).token
    token = (await sign_in(person)).json()["access_token"]
    body = {"email": elsewhere, "password": person.password}
    assert (await client.post("/auth/email", json=body, headers=bearer(token))).status_code == 202
    change = (await newest(app, elsewhere)).token
    assert (await confirm(client, await link(client, app, person.email))).status_code == 204
    reply = await client.post("/auth/email/confirm", json={"token": change})
    assert (reply.status_code, reply.json()["code"]) == (400, "link-not-valid")
    confirmed = await client.post("/auth/verify-email/confirm", json={"token": verification})
    assert confirmed.status_code == 204, "the reset has proven the address"


async def test_a_disabled_account_gets_no_link_and_uses_none(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    before, after = await sign_up(), await sign_up()
    token = await link(client, app, after.email)
    await superuser.execute("UPDATE accounts SET status = 'disabled' WHERE id = ANY($1)", [before.id, after.id])
    await ask(client, before.email)
    assert "Choose a new password" not in [mail.subject for mail in await mails(app, before.email)]
    assert (await confirm(client, token)).status_code == 400


async def test_the_trail_tells_of_it_without_the_address(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    """S-46"""
    person = await sign_up()
    token = await link(client, app, person.email)
    await confirm(client, token)
    await relay(app)
    lines = await superuser.fetch(
        "SELECT action, actor, detail::text FROM audit_events WHERE account_id = $1 AND action LIKE 'password%'"
        " ORDER BY id",
        person.id,
    )
    assert [tuple(line) for line in lines] == [
        ("password-reset-requested", "anonymous", '{"to": "p***@example.com"}'),
        ("password-reset", str(person.id), "{}"),
    ]
