"""Fixtures' helpers for passkeys: adding one to a member, and signing in with it."""

from typing import Any

from httpx import AsyncClient, Response

from tests.auth.authenticator import Authenticator
from tests.auth.conftest import Member

PASSKEYS = "/auth/passkeys"
SIGN_IN = "/auth/sign-in/passkey"


async def options(client: AsyncClient, member: Member) -> dict[str, Any]:
    reply = await client.post(f"{PASSKEYS}/options", headers=member.headers)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def request_options(client: AsyncClient) -> dict[str, Any]:
    reply = await client.post(f"{SIGN_IN}/options")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def send(client: AsyncClient, member: Member, credential: dict[str, Any], name: str = "Ada's phone") -> Response:
    return await client.post(PASSKEYS, json={"name": name, "credential": credential}, headers=member.headers)


async def add(client: AsyncClient, member: Member, device: Authenticator, name: str = "Ada's phone") -> dict[str, Any]:
    """Add a device's passkey."""
    reply = await send(client, member, device.make(await options(client, member)), name)
    assert reply.status_code == 201, reply.text
    added: dict[str, Any] = reply.json()
    return added


async def enter(client: AsyncClient, credential: dict[str, Any]) -> Response:
    return await client.post(SIGN_IN, json={"credential": credential})


async def sign_in(client: AsyncClient, device: Authenticator) -> Response:
    return await enter(client, device.answer(await request_options(client)))
