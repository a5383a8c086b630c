"""Rows that are over are removed."""

from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.repositories.mail_counts import hash_address
from auth.services.retention import RETENTION
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import Connection, Join, SignUp, running
from tests.auth.mails import relay
from tests.auth.passkeys import add
from tests.conftest import Log


async def test_what_is_over_is_removed(app: FastAPI, sign_up: SignUp, superuser: Connection) -> None:
    gone, kept = [await sign_up() for _ in range(2)]
    await relay(app)
    everything = (
        "SELECT count(*) FROM one_time_tokens WHERE account_id = $1",
        "SELECT count(*) FROM mail_counts, accounts WHERE address_hash = sha256(email::bytea) AND accounts.id = $1",
    )
    await superuser.execute("UPDATE one_time_tokens SET expires_at = now() WHERE account_id = $1", gone.id)
    await superuser.execute(
        "UPDATE mail_counts SET last_at = now() - interval '61 min' WHERE address_hash = $1", hash_address(gone.email)
    )
    await RETENTION.apply(app.state.transactions)
    for person, left in ((gone, 0), (kept, 1)):
        assert [await superuser.fetchval(count, person.id) for count in everything] == [left, left]


async def test_used_challenges_are_forgotten_once_they_would_have_expired(
    app: FastAPI, join: Join, client: AsyncClient, superuser: Connection
) -> None:
    ada = await join()
    await superuser.execute("DELETE FROM spent_challenges")
    for _ in range(2):
        await add(client, ada, Authenticator())
    await superuser.execute(
        "UPDATE spent_challenges SET kept_until = now()"
        " WHERE kept_until = (SELECT min(kept_until) FROM spent_challenges)"
    )
    await RETENTION.apply(app.state.transactions)
    left = "SELECT count(*), min(kept_until) - now() > interval '9 min' FROM spent_challenges"
    assert tuple(await superuser.fetchrow(left) or ()) == (1, True)


async def test_trouble_with_rows_of_one_kind_keeps_no_other(
    app: FastAPI, settings: Settings, sign_up: SignUp, superuser: Connection, log: Log
) -> None:
    person = await sign_up()
    await relay(app)
    await superuser.execute("UPDATE one_time_tokens SET expires_at = now() WHERE account_id = $1", person.id)
    await superuser.execute("ALTER TABLE sessions RENAME TO away")
    try:
        async with running(settings) as logged:
            log()
            await RETENTION.apply(logged.state.transactions)
    finally:
        await superuser.execute("ALTER TABLE away RENAME TO sessions")
    assert [line["kind"] for line in log() if line["event"] == "retention failed"] == ["sessions"]
    assert await superuser.fetchval("SELECT count(*) FROM one_time_tokens WHERE account_id = $1", person.id) == 0


async def test_refused_mails_are_kept_for_a_week(app: FastAPI, superuser: Connection) -> None:
    """They hold addresses."""
    for target, days in (("smtp", 8), ("smtp", 6), ("users", 8)):
        await superuser.execute(
            "INSERT INTO outbox (target, type, subject, version, data, parked_at)"
            " VALUES ($1, 'mail', 'mail:' || gen_random_uuid(), 1, '{}', now() - $2::int * interval '1 day')",
            target,
            days,
        )
    await RETENTION.apply(app.state.transactions)
    left = await superuser.fetch(
        "DELETE FROM outbox WHERE parked_at IS NOT NULL RETURNING target, extract(day FROM now() - parked_at)::int"
    )
    assert {tuple(row) for row in left} == {("smtp", 6), ("users", 8)}
