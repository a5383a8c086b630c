"""Accounts with a second factor. Codes are those of pyotp, an authenticator that is not ours."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pyotp
from httpx import AsyncClient, Response

from tests.auth.conftest import Connection, Member


@dataclass
class Guarded:
    """A member whose account has a second factor."""

    member: Member
    secret: str
    recovery_codes: list[str]
    superuser: Connection = field(repr=False)

    @property
    def id(self) -> int:
        return self.member.id

    @property
    def headers(self) -> dict[str, str]:
        return self.member.headers

    @property
    def password(self) -> str:
        return self.member.person.password

    async def code(self) -> str:
        """A code that is right now, as if no code of this half minute had been used."""
        await self.superuser.execute("UPDATE second_factors SET last_step = 0 WHERE account_id = $1", self.id)
        return pyotp.TOTP(self.secret).now()


async def turn_on(client: AsyncClient, superuser: Connection, member: Member) -> Guarded:
    secret = (await client.post("/auth/second-factor/totp", headers=member.headers)).json()["secret"]
    first = {"code": pyotp.TOTP(secret).now()}
    reply = await client.post("/auth/second-factor/totp/confirm", json=first, headers=member.headers)
    assert reply.status_code == 200, reply.text
    return Guarded(member, secret, reply.json()["recovery_codes"], superuser)


async def begin(client: AsyncClient, guarded: Guarded, **more: Any) -> Response:
    """The first step of a sign-in."""
    person = guarded.member.person
    return await client.post("/auth/sign-in", json={"email": person.email, "password": person.password, **more})


async def challenge(client: AsyncClient, guarded: Guarded) -> str:
    reply = await begin(client, guarded)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["challenge"])


async def complete(client: AsyncClient, token: str, **proof: Any) -> Response:
    """The second step."""
    return await client.post("/auth/sign-in/second-factor", json={"challenge": token, **proof})


async def signed_in(client: AsyncClient, guarded: Guarded, **more: Any) -> dict[str, Any]:
    reply = await complete(client, await challenge(client, guarded), code=await guarded.code(), **more)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def step_up(client: AsyncClient, headers: dict[str, str], **proof: str) -> Response:
    return await client.post("/auth/sign-in/step-up", json=proof, headers=headers)


async def age(superuser: Connection, account_id: int, minutes: int) -> None:
    """Let the proofs of an account's sessions be older."""
    await superuser.execute(
        "UPDATE sessions SET created_at = created_at - $2 * interval '1 minute', "
        "confirmed_at = confirmed_at - $2 * interval '1 minute' WHERE account_id = $1",
        account_id,
        minutes,
    )


async def audited(superuser: Connection, account_id: int) -> list[str]:
    found = await superuser.fetch("SELECT action FROM audit_events WHERE account_id = $1 ORDER BY id", account_id)
    return [row["action"] for row in found]


async def left(superuser: Connection, account_id: int) -> dict[str, int]:
    """How many rows each table of the second factor has about an account."""
    tables = ("second_factors", "recovery_codes", "sign_in_challenges", "trusted_devices")
    return {
        name: await superuser.fetchval(f"SELECT count(*) FROM {name} WHERE account_id = $1", account_id)  # noqa: S608
        for name in tables
    }


async def guard(superuser: Connection, account_id: int) -> None:
    """Turn a second factor on behind the service's back."""
    await superuser.execute(
        "INSERT INTO second_factors (account_id, secret, confirmed_at) VALUES ($1, '', now())", account_id
    )
    await superuser.execute("UPDATE accounts SET second_factor = true WHERE id = $1", account_id)


async def trusted(superuser: Connection, account_id: int) -> str:
    """The id of a new trusted device of an account."""
    device: UUID = await superuser.fetchval(
        "INSERT INTO trusted_devices (id, account_id, token_hash, user_agent, ip) "
        "VALUES ($1, $2, sha256(random()::text::bytea), 'x', '127.0.0.1') RETURNING id",
        uuid4(),
        account_id,
    )
    return str(device)
