"""Events that tests send to posts, and what is left of an account once posts has erased it."""

from typing import Any

from httpx import AsyncClient, Response

from tests.peers import Peers

REMEMBERED = {"erased", "outbox"}
"""Places of an erased account's id: the list of erased accounts, and the event for auth."""


async def tell(client: AsyncClient, peers: Peers, sender: str, *events: dict[str, Any]) -> Response:
    headers = peers.issuer.service(sender, "posts")
    reply = await client.post("/internal/events", json={"events": list(events)}, headers=headers)
    assert reply.status_code == 204, reply.text
    return reply
