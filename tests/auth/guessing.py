"""Guesses at passwords, from sources set by a proxy. Time passes by moving the rows' times back."""

import hashlib
from datetime import timedelta

from httpx import AsyncClient, Response

from tests.auth.conftest import Connection

WRONG = "a wrong passphrase"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
HELD = timedelta(minutes=5)


async def attempt(client: AsyncClient, email: str, password: str = WRONG, source: str = HERE) -> Response:
    form = {"username": email, "password": password}
    return await client.post("/auth/token", data=form, headers={"X-Forwarded-For": source})


async def statuses(client: AsyncClient, email: str, tries: int, source: str = HERE) -> list[int]:
    return [(await attempt(client, email, source=source)).status_code for _ in range(tries)]


def address(email: str) -> bytes:
    return hashlib.sha256(email.encode()).digest()


async def let_time_pass(superuser: Connection, email: str, by: timedelta) -> None:
    await superuser.execute(
        "UPDATE sign_in_sources SET blocked_until = blocked_until - $2::interval, "
        "succeeded_at = succeeded_at - $2::interval, kept_until = kept_until - $2::interval WHERE address_hash = $1",
        address(email),
        by,
    )
    await superuser.execute(
        "UPDATE sign_in_addresses SET kept_until = kept_until - $2::interval WHERE address_hash = $1",
        address(email),
        by,
    )


async def hold(superuser: Connection, email: str) -> None:
    """Lengthen the waits, for machines that take a second for a request."""
    await superuser.execute(
        "UPDATE sign_in_sources SET blocked_until = blocked_until + $2::interval WHERE address_hash = $1",
        address(email),
        HELD,
    )


async def guessed(superuser: Connection, email: str, attempts: int) -> None:
    """Record so many attempts of strangers that reached the hasher."""
    await superuser.execute(
        "INSERT INTO sign_in_addresses (address_hash, attempts, kept_until) VALUES ($1, $2, 'infinity') "
        "ON CONFLICT (address_hash) DO UPDATE SET attempts = excluded.attempts",
        address(email),
        attempts,
    )


async def attempts(superuser: Connection, email: str) -> int:
    statement = "SELECT attempts FROM sign_in_addresses WHERE address_hash = $1"
    return int(await superuser.fetchval(statement, address(email)) or 0)


async def notes(superuser: Connection, action: str, email: str) -> list[tuple[int | None, str]]:
    masked = f"{email[0]}***@{email.partition('@')[2]}"
    found = await superuser.fetch(
        "SELECT account_id, detail->>'reason' AS reason FROM audit_events "
        "WHERE action = $1 AND detail->>'email' = $2 ORDER BY id",
        action,
        masked,
    )
    return [(row["account_id"], row["reason"]) for row in found]
