"""Mails that wait in the outbox: those that cannot be made, and those that are needed no more."""

from fastapi import FastAPI
from httpx import AsyncClient

from tests.auth.conftest import Connection, SignUp
from tests.auth.mails import mails, relay


async def test_a_request_that_is_not_understood_does_not_stop_the_others(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, superuser: Connection
) -> None:
    await relay(app)
    for data in ('{"purpose": "of-a-later-release", "email": "a@example.com", "ip": null}', '{"purpose": 7}'):
        await superuser.execute(
            "INSERT INTO outbox (target, type, subject, version, data)"
            " VALUES ('auth', 'mail.wanted', 'mail.wanted:' || gen_random_uuid(), 1, $1)",
            data,
        )
    emails = [(await sign_up()).email for _ in range(2)]
    assert [len(await mails(app, email)) for email in emails] == [1, 1]
    left = await superuser.fetch("SELECT last_error FROM outbox WHERE target = 'auth' ORDER BY last_error")
    assert [row["last_error"] for row in left] == ["status 422 BadEvent", "status 422 ValueError"]
    await superuser.execute("DELETE FROM outbox WHERE target = 'auth'")


async def test_a_mail_whose_link_no_longer_works_is_not_sent(
    client: AsyncClient, app: FastAPI, superuser: Connection, sign_up: SignUp
) -> None:
    person = await sign_up()
    await relay(app, "auth")
    await superuser.execute("UPDATE one_time_tokens SET expires_at = now() WHERE account_id = $1", person.id)
    assert await mails(app, person.email) == []
    assert await superuser.fetchval("SELECT count(*) FROM outbox WHERE target = 'smtp'") == 0
