"""Access tokens that are refused before they expire, in services that get the events (S-26, S-27)."""

import base64
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.background import background_tasks
from common.events import revocations
from common.events.revocations import FORGET, LONGEST, READ_EVERY, STALE_AFTER, RevokedTokens
from tests.conftest import Cloner
from tests.peers import Peers, ended, revoked
from tests.timing import Within, also_timed
from tests.waiting import eventually

PATHS = {
    "users": "/users/me",
    "posts": "/posts/drafts",  # only with posts
}


@dataclass
class Listener:
    """users or posts, which get revocations from auth."""

    name: str
    app: FastAPI
    client: AsyncClient
    peers: Peers

    async def told(self, *events: dict[str, Any], by: str = "auth") -> int:
        headers = self.peers.issuer.service(by, self.name)
        reply = await self.client.post("/internal/events", json={"events": events}, headers=headers)
        return reply.status_code

    async def hears(self, *events: dict[str, Any]) -> None:
        assert await self.told(*events) == 204
        await self.app.state.revoked.read()  # in production every second

    async def status(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return (await self.client.get(PATHS[self.name], headers=headers)).status_code

    async def run(self, statement: str, **values: Any) -> None:
        async with self.app.state.database.transaction() as session:
            await session.execute(text(statement), values)

    def token(self, account_id: int, **claims: Any) -> str:
        return self.peers.issuer.sign(self.peers.issuer.claims(account_id) | claims)


@asynccontextmanager
async def listening(name: str, database_of: Cloner) -> AsyncIterator[Listener]:
    peers = Peers()
    found = {**await database_of(name), "client_secret": secrets.token_urlsafe(32), "relay": "false"}
    settings = import_module(f"{name}.config").Settings.model_validate(found)
    app: FastAPI = import_module(f"{name}.main").create_app(settings, peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        async with AsyncClient(transport=ASGITransport(app), base_url=f"http://{name}.test") as client:
            yield Listener(name, app, client, peers)


@pytest.fixture(scope="module", params=PATHS)
async def listener(request: pytest.FixtureRequest, database_of: Cloner) -> AsyncIterator[Listener]:
    """It reads only when a test says so: a reading of its own could put back what a test has just cleared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(revocations, "READ_EVERY", 3600)
        async with listening(request.param, database_of) as listener:
            yield listener


async def test_tokens_of_an_ended_session_are_refused_also_cached_ones(listener: Listener) -> None:
    """S-26"""
    account, sid = listener.peers.new_account(), str(uuid.uuid4())
    old, other = listener.token(account, sid=sid), listener.token(account)
    assert [await listener.status(token) for token in (old, other)] == [200, 200]
    await listener.hears(ended(sid))
    fresh = listener.token(account, sid=sid)
    assert [await listener.status(token) for token in (old, fresh, other)] == [401, 401, 200]


async def test_no_other_spelling_of_a_revoked_token_is_believed(listener: Listener) -> None:
    """S-26: the session's id counts, never the text of a token."""
    sid = str(uuid.uuid4())
    token = listener.token(listener.peers.new_account(), sid=sid)
    await listener.hears(ended(sid))
    header, claims, signature = token.split(".")
    last = base64.urlsafe_b64decode(signature + "==")
    spellings = [f"{header}.{claims}.{signature}=", f"{header}.{claims}.{base64.b64encode(last).decode()}", token]
    assert [await listener.status(spelling) for spelling in spellings] == [401, 401, 401]


async def test_what_was_issued_before_an_account_s_moment_is_refused(listener: Listener) -> None:
    """S-27"""
    account, other, now = listener.peers.new_account(), listener.peers.new_account(), int(time.time())
    before, after = listener.token(account, iat=now - 1), listener.token(account, iat=now)
    someone = listener.token(other, iat=now - 1)
    await listener.hears(revoked(account, now))
    assert [await listener.status(token) for token in (before, after, someone)] == [401, 200, 200]
    await listener.hears(revoked(account, now - 100))
    assert await listener.status(before) == 401, "an older state changes nothing"


async def test_what_holds_for_everybody_and_for_one_hold_together(listener: Listener) -> None:
    """S-27, CVE-2026-8922: whichever moment is later counts."""
    account, other, now = listener.peers.new_account(), listener.peers.new_account(), int(time.time())
    try:
        for everybody, own in ((now - 10, now - 5), (now - 5, now - 10)):
            await listener.run("DELETE FROM token_floors")
            listener.app.state.revoked._floors.clear()
            await listener.hears(revoked(0, everybody), revoked(account, own))
            for iat, mine, theirs in ((now - 11, 401, 401), (now - 7, 401, 200 if everybody < own else 401)):
                assert await listener.status(listener.token(account, iat=iat)) == mine
                assert await listener.status(listener.token(other, iat=iat)) == theirs
            assert await listener.status(listener.token(account, iat=now - 4)) == 200
        await listener.hears(revoked(0, now + 100))
        assert await listener.told(ended(str(uuid.uuid4()))) == 204, "other services are not meant"
    finally:
        await listener.run("DELETE FROM token_floors")
        listener.app.state.revoked._floors.clear()
        await listener.app.state.revoked.read()


async def test_a_process_that_starts_knows_what_was_revoked_before(listener: Listener) -> None:
    sid, account = str(uuid.uuid4()), listener.peers.new_account()
    await listener.told(ended(sid))
    started = RevokedTokens(listener.app.state.database)
    assert await started.revocations_are_known() is not None
    listener_token = listener.token(account, sid=sid)
    await started.read()
    assert await started.revocations_are_known() is None
    listener.app.state.verifier._revocations, before = started, listener.app.state.verifier._revocations
    try:
        assert await listener.status(listener_token) == 401
    finally:
        listener.app.state.verifier._revocations = before


async def test_until_it_is_known_what_was_revoked_no_token_is_believed(listener: Listener) -> None:
    """S-22: fail closed; anonymous reads are served."""
    verifier = listener.app.state.verifier
    verifier._revocations, before = RevokedTokens(listener.app.state.database), verifier._revocations
    try:
        assert await listener.status(listener.token(listener.peers.new_account())) == 503
        public = "/posts" if listener.name == "posts" else f"/users/{listener.peers.new_account()}"
        assert (await listener.client.get(public)).status_code in {200, 404}
    finally:
        verifier._revocations = before


async def test_only_auth_may_say_so(listener: Listener) -> None:
    other = "another"
    assert await listener.told(ended(str(uuid.uuid4())), by=other) == 403


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "session:7"},
        {"subject": "account:7"},
        {"data": {}},
        {"data": {"until": "soon"}},
        {"type": "tokens.revoked"},
        {"type": "tokens.revoked", "subject": "account:7", "data": {"not_before": -1}},
        {"type": "tokens.revoked", "subject": "account:00", "data": {"not_before": 1}},
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused(listener: Listener, bad: dict[str, Any]) -> None:
    assert await listener.told(ended(str(uuid.uuid4())) | bad) == 422


async def test_what_cannot_matter_any_more_is_forgotten(listener: Listener) -> None:
    kept, over = str(uuid.uuid4()), str(uuid.uuid4())
    account, now = listener.peers.new_account(), int(time.time())
    await listener.hears(
        ended(kept), ended(over, -2 * LONGEST), revoked(account, now - 3 * int(LONGEST.total_seconds()))
    )
    async with listener.app.state.database.transaction() as session:
        for statement in FORGET:
            await session.execute(statement, {"longest": LONGEST})
        ids = {str(row.session_id) for row in await session.execute(text("SELECT session_id FROM ended_sessions"))}
        floors = {row.account_id for row in await session.execute(text("SELECT account_id FROM token_floors"))}
    assert kept in ids
    assert over not in ids
    assert account not in floors


async def test_a_database_that_is_away_for_a_while_costs_no_knowledge(listener: Listener) -> None:
    """Known revocations stay; later ones are read once the database is back, however long that takes."""
    clock = [0.0]
    tokens = RevokedTokens(listener.app.state.database, clock=lambda: clock[0])
    await tokens.read()
    sid, account = str(uuid.uuid4()), listener.peers.new_account()
    await listener.told(ended(sid))
    await listener.run("UPDATE ended_sessions SET noted_at = now() - interval '20 s' WHERE session_id = :sid", sid=sid)
    principal = await listener.app.state.verifier.verify(listener.token(account, sid=sid))
    clock[0] = 1.0
    await tokens.read()
    assert not tokens.refuses(principal), "noted longer ago than a reading of every second looks back"
    clock[0] = 20.0
    await tokens.read()
    assert tokens.refuses(principal)


async def test_a_process_that_reads_no_more_is_not_ready(listener: Listener) -> None:
    """Its loop may hang: other replicas should serve requests. Known revocations stay in effect."""
    clock = [0.0]
    tokens = RevokedTokens(listener.app.state.database, clock=lambda: clock[0])
    await tokens.read()
    clock[0] = STALE_AFTER
    assert await tokens.revocations_are_known() is None
    clock[0] += 1
    assert await tokens.revocations_are_known() == "revoked tokens: not read lately"
    assert not tokens.refuses(await listener.app.state.verifier.verify(listener.token(listener.peers.new_account())))
    await tokens.read()
    assert await tokens.revocations_are_known() is None


async def test_no_mistake_ends_the_reading(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations, "RETRY_EVERY", 0.001)
    tokens = RevokedTokens(listener.app.state.database)
    tries = 0

    async def stumble() -> None:
        nonlocal tries
        tries += 1
        raise TypeError("a mistake")

    monkeypatch.setattr(tokens, "read", stumble)
    async with background_tasks(tokens.keep_fresh()):
        await eventually(lambda: tries > 2)


@also_timed
@pytest.mark.parametrize("name", PATHS)
async def test_a_service_learns_it_by_itself_within_seconds(
    name: str, database_of: Cloner, monkeypatch: pytest.MonkeyPatch, within: Within
) -> None:
    """S-26: 5 s, of which the relay takes at most one."""
    monkeypatch.setattr(revocations, "READ_EVERY", READ_EVERY)  # not that of the other tests
    sid = str(uuid.uuid4())
    async with listening(name, database_of) as listener:
        token = listener.token(listener.peers.new_account(), sid=sid)
        assert await listener.status(token) == 200
        assert await listener.told(ended(sid)) == 204

        async def is_refused() -> bool:
            return await listener.status(token) == 401

        with within(3):
            await eventually(is_refused)
