"""Asks for the deletion of an account, and reads what auth notes of it."""

import json
from typing import Any

from httpx import AsyncClient, Response

from tests.auth.conftest import PASSWORD, Connection, Member


async def delete(client: AsyncClient, member: Member, password: str = PASSWORD) -> Response:
    return await client.post("/auth/account/deletion", json={"password": password}, headers=member.headers)


async def register(client: AsyncClient, member: Member, **headers: str) -> Response:
    person = {"email": member.person.email, "password": PASSWORD, "name": "Unmistakable Ada"}
    return await client.post("/auth/register", json=person, headers=headers)


async def lines(superuser: Connection, member: Member) -> list[tuple[str, dict[str, Any]]]:
    found = await superuser.fetch("SELECT * FROM audit_events WHERE account_id = $1 ORDER BY id", member.id)
    return [(line["action"], json.loads(line["detail"])) for line in found]
