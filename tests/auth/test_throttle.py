"""The limits on guesses at passwords (S-10, S-11, S-13)."""

import asyncio
import math
import time
from collections import Counter
from datetime import timedelta
from ipaddress import ip_network

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.services.retention import RETENTION
from tests.auth.conftest import PASSWORD, Connection, SignUp, bearer, client_of, new_email, running
from tests.auth.guessing import (
    ELSEWHERE,
    HELD,
    HERE,
    WRONG,
    address,
    attempt,
    attempts,
    guessed,
    hold,
    let_time_pass,
    statuses,
)
from tests.auth.mails import newest


@pytest.mark.parametrize("known", [True, False], ids=["account", "no account"])
async def test_five_wrong_passwords_are_free_then_waits_double_from_a_second_to_a_quarter_of_an_hour(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection, known: bool
) -> None:
    """S-10; S-06: with and without an account."""
    email = (await sign_up()).email if known else new_email()
    assert await statuses(gateway, email, 4) == [400] * 4
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]:
        wait, before = timedelta(seconds=seconds), await superuser.fetchval("SELECT clock_timestamp()")
        assert (await attempt(gateway, email)).status_code == 400
        until = await superuser.fetchval(
            "SELECT blocked_until FROM sign_in_sources WHERE address_hash = $1", address(email)
        )
        assert before + wait <= until <= await superuser.fetchval("SELECT clock_timestamp()") + wait
        await hold(superuser, email)
        refused = await attempt(gateway, email)
        assert (refused.status_code, refused.json()["code"]) == (429, "sign-in-throttled")
        await let_time_pass(superuser, email, wait + HELD)


async def test_retry_after_is_what_is_left_and_asking_does_not_lengthen_it(
    gateway: AsyncClient, superuser: Connection
) -> None:
    email = new_email()
    await statuses(gateway, email, 5)
    await superuser.execute(
        "UPDATE sign_in_sources SET blocked_until = clock_timestamp() + interval '300.5 s' WHERE address_hash = $1",
        address(email),
    )
    waits = [int((await attempt(gateway, email)).headers["retry-after"]) for _ in range(10)]
    assert set(waits) <= {300, 301}
    assert waits == sorted(waits, reverse=True)


async def test_of_twenty_guesses_at_once_over_two_replicas_only_the_free_ones_are_hashed(
    gateway: AsyncClient, settings: Settings, superuser: Connection
) -> None:
    """S-10: one count for all replicas."""
    email = new_email()
    second = settings.model_copy(update={"trusted_proxies": [ip_network("127.0.0.1")]})
    async with running(second) as replica, client_of(replica) as other:
        clients, started = [gateway, other] * 10, time.monotonic()
        replies = await asyncio.gather(*(attempt(client, email) for client in clients))
    counted = Counter(reply.status_code for reply in replies)
    waits_over = int(math.log2(time.monotonic() - started + 1))  # on a slow machine: of 1, 2, 4 s and so on
    assert 5 <= counted[400] <= 5 + waits_over
    assert counted[400] == await attempts(superuser, email)
    assert set(counted) == {400, 429}


async def test_a_wait_survives_a_restart(settings: Settings, superuser: Connection) -> None:
    """S-10"""
    email = new_email()
    async with running(settings) as app, client_of(app) as client:
        await statuses(client, email, 5)
    await superuser.execute(
        "UPDATE sign_in_sources SET blocked_until = clock_timestamp() + interval '60 s' WHERE address_hash = $1",
        address(email),
    )
    async with running(settings) as app, client_of(app) as client:
        assert (await attempt(client, email)).status_code == 429


async def test_a_success_forgives_its_source_and_gives_back_what_it_failed(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    """S-10: a success resets the owner's failures, but a stranger's guesses stay."""
    person = await sign_up()
    assert await statuses(gateway, person.email, 3, ELSEWHERE) == [400] * 3
    for _ in range(3):
        assert await statuses(gateway, person.email, 4) == [400] * 4
        assert (await attempt(gateway, person.email, PASSWORD)).status_code == 200
    assert await attempts(superuser, person.email) == 3
    assert await statuses(gateway, person.email, 2, ELSEWHERE) == [400] * 2
    await hold(superuser, person.email)
    assert (await attempt(gateway, person.email, source=ELSEWHERE)).status_code == 429


async def test_an_attacker_elsewhere_does_not_keep_the_owner_out(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    """S-11: another source with the right password can still sign in."""
    person = await sign_up()
    await statuses(gateway, person.email, 5, ELSEWHERE)
    await hold(superuser, person.email)
    assert (await attempt(gateway, person.email, PASSWORD)).status_code == 200
    assert (await attempt(gateway, person.email, PASSWORD, ELSEWHERE)).status_code == 429


async def test_after_a_reset_the_owner_enters_from_where_it_was_made_however_much_is_guessed(
    proxied: FastAPI, gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    """S-11"""
    person, new = await sign_up(), "another long passphrase"
    assert (await attempt(gateway, person.email, PASSWORD)).status_code == 200
    await gateway.post("/auth/password-reset", json={"email": person.email})
    body = {"token": (await newest(proxied, person.email)).token, "new_password": new}
    reply = await gateway.post("/auth/password-reset/confirm", json=body, headers={"X-Forwarded-For": HERE})
    assert reply.status_code == 204
    await guessed(superuser, person.email, 100)
    assert (await attempt(gateway, person.email, new, ELSEWHERE)).json()["code"] == "sign-in-closed"
    assert (await attempt(gateway, person.email, new)).status_code == 200


async def test_after_a_change_of_address_the_owner_enters_from_where_it_was_agreed_to(
    proxied: FastAPI, gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    """S-11"""
    person, new = await sign_up(), new_email()
    signed_in = await attempt(gateway, person.email, PASSWORD)
    me = bearer(signed_in.json()["access_token"]) | {"X-Forwarded-For": HERE}
    await gateway.post("/auth/email", json={"email": new, "password": PASSWORD}, headers=me)
    link = {"token": (await newest(proxied, new)).token}
    assert (await gateway.post("/auth/email/confirm", json=link, headers=me)).status_code == 204
    await guessed(superuser, new, 100)
    assert (await attempt(gateway, new, PASSWORD, ELSEWHERE)).json()["code"] == "sign-in-closed"
    assert (await attempt(gateway, new, PASSWORD)).status_code == 200


async def test_devices_of_one_household_sign_in_at_once(gateway: AsyncClient, sign_up: SignUp) -> None:
    person = await sign_up()
    for _ in range(3):
        replies = await asyncio.gather(*(attempt(gateway, person.email, PASSWORD) for _ in range(5)))
        assert [reply.status_code for reply in replies] == [200] * 5


@pytest.mark.parametrize("known", [True, False], ids=["account", "no account"])
async def test_the_hundredth_guess_is_the_last_of_a_stranger(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection, known: bool
) -> None:
    """S-10: from any source; S-06: with and without an account."""
    email = (await sign_up()).email if known else new_email()
    await guessed(superuser, email, 98)
    replies = await asyncio.gather(*(attempt(gateway, email, source=f"203.0.113.{n}") for n in range(12)))
    assert Counter(reply.status_code for reply in replies) == {400: 2, 429: 10}
    assert await attempts(superuser, email) == 100
    refused = await attempt(gateway, email, PASSWORD, "203.0.113.99")
    assert (refused.status_code, refused.json()["code"]) == (429, "sign-in-closed")
    assert refused.headers["retry-after"] == "900"
    assert (
        await superuser.fetchval("SELECT count(*) FROM sign_in_sources WHERE address_hash = $1", address(email)) == 2
    ), "what is refused is not counted for its source either"


async def test_who_signed_in_within_thirty_days_still_may_until_the_password_is_another(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    """S-10, S-11"""
    person = await sign_up()
    signed_in = await attempt(gateway, person.email, PASSWORD)
    await guessed(superuser, person.email, 100)
    await let_time_pass(superuser, person.email, timedelta(days=29))
    assert (await attempt(gateway, person.email)).status_code == 400
    assert await attempts(superuser, person.email) == 101
    assert (await attempt(gateway, person.email, PASSWORD)).status_code == 200
    assert await attempts(superuser, person.email) == 100
    assert (await attempt(gateway, person.email, PASSWORD, ELSEWHERE)).json()["code"] == "sign-in-closed"

    await let_time_pass(superuser, person.email, timedelta(days=31))
    assert (await attempt(gateway, person.email, PASSWORD)).json()["code"] == "sign-in-closed"

    await superuser.execute(
        "UPDATE sign_in_sources SET succeeded_at = now() WHERE address_hash = $1", address(person.email)
    )
    change = {"current_password": PASSWORD, "new_password": "another long passphrase"}
    me = bearer(signed_in.json()["access_token"]) | {"X-Forwarded-For": HERE}
    assert (await gateway.post("/auth/password", json=change, headers=me)).status_code == 204
    assert (await attempt(gateway, person.email, "another long passphrase", ELSEWHERE)).status_code == 200


async def test_who_signs_up_does_not_inherit_the_guesses_at_an_unknown_address(
    client: AsyncClient, superuser: Connection
) -> None:
    """S-11"""
    email = new_email()
    await statuses(client, email, 6)
    await guessed(superuser, email, 100)
    await client.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})
    assert (await attempt(client, email, PASSWORD)).status_code == 200


@pytest.mark.parametrize("spelling", ["{0}", "{1}"], ids=["as stored", "in capitals"])
async def test_an_address_is_one_in_every_spelling(gateway: AsyncClient, superuser: Connection, spelling: str) -> None:
    email = new_email()
    await statuses(gateway, email, 5)
    await hold(superuser, email)
    assert (await attempt(gateway, spelling.format(email, email.upper()))).status_code == 429


async def test_the_addresses_of_one_ipv6_network_are_one_source(gateway: AsyncClient, superuser: Connection) -> None:
    """S-10"""
    email = new_email()
    tries = [await attempt(gateway, email, source=f"2001:db8:0:1:{n:x}::1") for n in range(5)]
    assert [reply.status_code for reply in tries] == [400] * 5
    await hold(superuser, email)
    assert (await attempt(gateway, email, source="2001:db8:0:1:ffff::1")).status_code == 429
    assert (await attempt(gateway, email, source="2001:db8:0:2::1")).status_code == 400


SPOOFS = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-User-Id", "X-Client-IP", "True-Client-IP"]


@pytest.mark.parametrize("header", SPOOFS)
async def test_a_source_cannot_be_made_up(client: AsyncClient, superuser: Connection, header: str) -> None:
    """S-13: here no proxy is configured."""
    form = {"username": new_email(), "password": WRONG}
    value = "for=192.0.2.{0}" if header == "Forwarded" else "192.0.2.{0}"

    async def try_from(number: int) -> int:
        return (await client.post("/auth/token", data=form, headers={header: value.format(number)})).status_code

    assert [await try_from(number) for number in range(5)] == [400] * 5
    await hold(superuser, form["username"])
    assert await try_from(5) == 429


async def test_what_a_client_puts_before_the_proxys_own_word_is_not_believed(
    gateway: AsyncClient, superuser: Connection
) -> None:
    """S-13: our proxy added only the last address."""
    email = new_email()
    tries = [await attempt(gateway, email, source=f"10.9.8.{n}, {HERE}") for n in range(5)]
    assert [reply.status_code for reply in tries] == [400] * 5
    await hold(superuser, email)
    assert (await attempt(gateway, email, source=f"10.9.8.7, {HERE}")).status_code == 429


async def test_old_rows_go_and_those_that_matter_stay(app: FastAPI, sign_up: SignUp, superuser: Connection) -> None:
    """Rows of invented addresses are deleted again."""
    once, often, closed, failed = (new_email() for _ in range(4))
    async with client_of(app) as client:
        person = await sign_up()
        await attempt(client, person.email, PASSWORD)
        for email in (once, often, closed, failed):
            await statuses(client, email, 1)
    await superuser.execute(
        "UPDATE sign_in_addresses SET attempts = 8, kept_until = now() WHERE address_hash = $1", address(often)
    )
    await guessed(superuser, closed, 99)
    async with client_of(app) as client:
        for email in (often, closed):
            await statuses(client, email, 1)
    for email in (once, often, closed, failed, person.email):
        await let_time_pass(superuser, email, timedelta(days=2))
    await RETENTION.apply(app.state.transactions)
    left = {email for email in (once, often, closed, failed) if await attempts(superuser, email)}
    assert left == {often, closed}
    hashes = [address(email) for email in (once, often, closed, failed, person.email)]
    sources = await superuser.fetch("SELECT address_hash FROM sign_in_sources WHERE address_hash = ANY ($1)", hashes)
    assert [row["address_hash"] for row in sources] == [address(person.email)]
