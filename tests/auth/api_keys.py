"""API keys in tests: creating and exchanging them."""

from itertools import count
from typing import Any

from httpx import AsyncClient, Response

from auth.services.api_keys.exchange import API_KEY, GRANT
from tests.auth.conftest import Member, bearer

numbers = count()


async def create(client: AsyncClient, owner: Member, **changes: Any) -> Response:
    """Without a password, since the owner has just signed in."""
    body = {"name": f"key {next(numbers)}", "scopes": ["users:read"], **changes}
    return await client.post("/auth/keys", json=body, headers=owner.headers)


async def new_key(client: AsyncClient, owner: Member, *scopes: str, **changes: Any) -> dict[str, Any]:
    """The answer to the creation of a key; its text is `key`."""
    reply = await create(client, owner, scopes=list(scopes) or ["users:read"], **changes)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def exchange(client: AsyncClient, key: str, **changes: str) -> Response:
    form = {"grant_type": GRANT, "subject_token": key, "subject_token_type": API_KEY, **changes}
    return await client.post("/auth/token", data=form)


async def exchanged(client: AsyncClient, key: str, **changes: str) -> dict[str, str]:
    """The headers of a request with a token for the key."""
    reply = await exchange(client, key, **changes)
    assert reply.status_code == 200, reply.text
    return bearer(reply.json()["access_token"])
