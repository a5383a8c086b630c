"""Refresh tokens in tests: their session and its end, and successors."""

from httpx import AsyncClient, Response

from tests.auth.conftest import Connection, refresh


def spent(reply: Response) -> bool:
    return (reply.status_code, reply.json().get("error")) == (400, "invalid_grant")


def session_of(token: str) -> str:
    return token.split(".")[2]


async def ending(superuser: Connection, token: str) -> str | None:
    """The reason why a token's session ended; None while it is open."""
    reason: str | None = await superuser.fetchval(
        "SELECT end_reason FROM sessions WHERE id = $1::uuid AND ended_at IS NOT NULL", session_of(token)
    )
    return reason


async def grace_is_over(superuser: Connection, token: str) -> None:
    await superuser.execute(
        "UPDATE sessions SET rotated_at = rotated_at - interval '11 s', reissued_at = reissued_at - interval '11 s'"
        " WHERE id = $1::uuid",
        session_of(token),
    )


async def renewed(client: AsyncClient, token: str) -> str:
    reply = await refresh(client, token)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["refresh_token"])
