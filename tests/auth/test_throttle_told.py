"""Reports of guesses: to the caller, in the audit trail and in the logs (S-06, S-46)."""

import asyncio
import json
from datetime import timedelta

import pytest
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.conftest import PASSWORD, Connection, SignUp, client_of, new_email, running
from tests.auth.guessing import (
    HELD,
    WRONG,
    attempt,
    guessed,
    hold,
    let_time_pass,
    notes,
    statuses,
)
from tests.auth.test_sign_in import comparable
from tests.conftest import Log


async def test_refusals_of_known_and_unknown_addresses_look_alike(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    """S-06: also while they are throttled."""
    emails = (await sign_up()).email, new_email()
    for status in [400] * 5 + [429]:
        one, other = [await attempt(gateway, email) for email in emails]
        assert one.status_code == status
        assert comparable(one, "retry-after") == comparable(other, "retry-after")
        for email in emails:
            await hold(superuser, email)


async def test_the_trail_tells_each_refusal_and_each_wait_once(
    gateway: AsyncClient, sign_up: SignUp, superuser: Connection
) -> None:
    known, unknown = (await sign_up()), f"stranger@{new_email().partition('@')[0]}.example.com"
    own = f"{known.email.partition('@')[0]}.example.com"
    await superuser.execute("UPDATE accounts SET email = $2 WHERE id = $1", known.id, f"owner@{own}")
    for email, who, reason in (
        (f"owner@{own}", known.id, "wrong password"),
        (unknown, None, "unknown address"),
    ):
        await statuses(gateway, email, 5)
        await hold(superuser, email)
        await statuses(gateway, email, 10)
        assert await notes(superuser, "sign-in-refused", email) == [(who, reason)] * 5
        assert await notes(superuser, "sign-in-throttled", email) == [(who, "sign-in-throttled")]
        await let_time_pass(superuser, email, timedelta(seconds=2) + HELD)
        await statuses(gateway, email, 1)
        await hold(superuser, email)
        await statuses(gateway, email, 4)
        assert len(await notes(superuser, "sign-in-throttled", email)) == 2
        await guessed(superuser, email, 100)
        await asyncio.gather(*(attempt(gateway, email, source=f"203.0.113.{n}") for n in range(10)))
        assert (await notes(superuser, "sign-in-throttled", email))[2:] == [(who, "sign-in-closed")]


async def test_a_sign_in_is_told_by_the_trail(client: AsyncClient, sign_up: SignUp, superuser: Connection) -> None:
    person = await sign_up()
    assert (await attempt(client, person.email, PASSWORD)).status_code == 200
    row = await superuser.fetchrow(
        "SELECT * FROM audit_events WHERE account_id = $1 AND action = 'signed-in'", person.id
    )
    assert row is not None
    assert (row["actor"], row["ip"]) == (str(person.id), "127.0.0.1")
    disabled = await sign_up()
    await superuser.execute("UPDATE accounts SET status = 'disabled' WHERE id = $1", disabled.id)
    await attempt(client, disabled.email, PASSWORD)
    statement = "SELECT detail->>'reason' FROM audit_events WHERE account_id = $1 AND action = 'sign-in-refused'"
    assert await superuser.fetchval(statement, disabled.id) == "account disabled"


async def test_logs_tell_of_each_try_and_mask_the_address(
    settings: Settings, sign_up: SignUp, superuser: Connection, log: Log
) -> None:
    """S-46"""
    person = await sign_up()
    async with running(settings) as app, client_of(app) as client:
        log()
        await attempt(client, person.email, PASSWORD)
        await statuses(client, person.email, 5)
        await hold(superuser, person.email)
        await statuses(client, person.email, 1)
        lines = [line for line in log() if line["event"] != "request"]
    assert [line["event"] for line in lines] == ["signed in", *["sign-in refused"] * 5, "sign-in throttled"]
    assert lines[0]["account"] == lines[1]["account"] == person.id
    assert {line["email"] for line in lines[1:]} == {"p***@example.com"}
    assert all(secret not in str(lines) for secret in (person.email, PASSWORD, WRONG))


@pytest.mark.parametrize("canary", ["P@ssw0rd-Tr0ub4dor-staple!", "Tr0ub4dor-staple", "@Tr0ub4dor", "Tr0ub4dor@"])
async def test_a_password_in_the_wrong_field_is_neither_logged_nor_noted(
    settings: Settings, superuser: Connection, log: Log, canary: str
) -> None:
    """S-46: also if the password has an @."""
    async with running(settings) as app, client_of(app) as client:
        log()
        assert await statuses(client, canary, 5) == [400] * 5
        await hold(superuser, canary)
        assert await statuses(client, canary, 1) == [429]
        lines = [line for line in log() if "sign-in" in line["event"]]
    noted = await superuser.fetch("SELECT detail FROM audit_events ORDER BY id DESC LIMIT 6")
    assert {line["email"] for line in lines} == {json.loads(row["detail"])["email"] for row in noted} == {"***"}
    assert "r0ub4dor" not in f"{lines}{noted}"
