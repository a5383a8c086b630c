"""posts reaches the same state for any disturbed stream of events (R-13)."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.events import Outbox
from tests.peers import Peers
from tests.streams import Consumer

LEARNED = {
    "authors": "SELECT id - $1, name, coalesce(avatar_url, ''), version FROM authors WHERE id BETWEEN $1 AND $2",
    "follows": "SELECT follower_id - $1, followee_id - $1, active, version FROM follows "
    "WHERE follower_id BETWEEN $1 AND $2",
    "blocks": "SELECT blocker_id - $1, blocked_id - $1, active, version FROM blocks WHERE blocker_id BETWEEN $1 AND $2",
    "sessions": "SELECT n - $1 FROM generate_series($1::bigint, $2::bigint) n "
    "JOIN ended_sessions ON session_id = lpad(to_hex(n), 32, '0')::uuid",
    "floors": "SELECT account_id - $1, not_before FROM token_floors WHERE account_id BETWEEN $1 AND $2",
}


@pytest.mark.parametrize("seed", range(4))
async def test_an_abused_stream_teaches_the_same_as_one_in_order(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, seed: int
) -> None:
    consumer = Consumer("posts", client, peers, outbox, LEARNED)
    await consumer.learns_the_same_from_an_abused_stream(app.state.inbox(AsyncSession()), seed)
