"""Events that tests send to users, and what is left of an account once users has erased it."""

from typing import Any

from httpx import AsyncClient, Response

from tests.peers import Peers, event

REMEMBERED = {"erased", "outbox"}
"""Places of an erased account's id: the list of erased accounts, and events for auth and, about edges, for posts."""


async def counts(client: AsyncClient, user: int) -> tuple[int, int]:
    profile = (await client.get(f"/users/{user}")).json()
    return profile["followers_count"], profile["following_count"]


async def tell(client: AsyncClient, peers: Peers, *events: dict[str, Any], sender: str = "auth") -> Response:
    headers = peers.issuer.service(sender, "users")
    return await client.post("/internal/events", json={"events": list(events)}, headers=headers)


def account(account_id: int, email: str, version: int) -> dict[str, Any]:
    return event(
        "account", {"email": email, "name": "Ada", "roles": [], "status": "active"}, account_id, version=version
    )
