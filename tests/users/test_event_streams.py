"""users reaches the same state, and sends the same events, for any disturbed stream of events (R-13)."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.events import Outbox
from tests.peers import Peers
from tests.streams import Consumer

LEARNED = {
    "profiles": "SELECT id - $1, email, name, version, account_version FROM profiles WHERE id BETWEEN $1 AND $2",
    "authored": "SELECT id - $1, posts_count, version FROM authored WHERE id BETWEEN $1 AND $2",  # only with posts
    # begin: only with posts
    "told on": "SELECT id - $1, target, o.version, data FROM profiles "
    "JOIN outbox o ON subject = 'profile:' || id WHERE id BETWEEN $1 AND $2",
    # end: only with posts
    "sessions": "SELECT n - $1 FROM generate_series($1::bigint, $2::bigint) n "
    "JOIN ended_sessions ON session_id = lpad(to_hex(n), 32, '0')::uuid",
    "floors": "SELECT account_id - $1, not_before FROM token_floors WHERE account_id BETWEEN $1 AND $2",
}


@pytest.mark.parametrize("seed", range(4))
async def test_an_abused_stream_teaches_the_same_as_one_in_order(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, seed: int
) -> None:
    consumer = Consumer("users", client, peers, outbox, LEARNED)
    await consumer.learns_the_same_from_an_abused_stream(app.state.inbox(AsyncSession()), seed)
