"""Rebuilding and reconciling the read models of posts and users, with a stub of the owner."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from common.calls.service_client import PeerUnavailable
from common.db.database import Database
from common.events import read_models
from common.events.read_models import InboxFactory, ReadModel
from common.events.reconcile import Drift, OwnerUnknown, rebuild, reconcile
from common.state_events import StateEvent
from tests.conftest import Cloner
from tests.peers import Peers, Told, event, page

Key = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A read model, and a value in it that depends on the version."""

    service: str
    name: str
    kept: str
    data: Callable[[int], dict[str, Any]]
    value: Callable[[int], object]
    pairs: bool = False

    def key(self, number: int) -> Key:
        return (number, number + 1) if self.pairs else (number,)


def account(version: int) -> dict[str, Any]:
    return {"email": f"v{version}@example.com", "name": "Ada", "roles": [], "status": "active"}


CASES = [
    # begin: only with posts
    Case(
        "posts",
        "authors",
        "SELECT id, name FROM authors WHERE version >= 0",
        lambda version: {"name": f"Ada {version}", "avatar_url": None},
        lambda version: f"Ada {version}",
    ),
    Case(
        "posts",
        "follows",
        "SELECT follower_id, followee_id, active FROM follows",
        lambda version: {"active": version % 2 == 1},
        lambda version: version % 2 == 1,
        pairs=True,
    ),
    Case(
        "posts",
        "blocks",
        "SELECT blocker_id, blocked_id, active FROM blocks",
        lambda version: {"active": version % 2 == 1},
        lambda version: version % 2 == 1,
        pairs=True,
    ),
    Case(
        "users",
        "authored",
        "SELECT id, posts_count FROM authored",
        lambda version: {"posts_count": version},
        lambda version: version,
    ),
    # end: only with posts
    Case("users", "profiles", "SELECT id, email FROM profiles", account, lambda version: f"v{version}@example.com"),
]


@dataclass
class Kept:
    """A read model in its own database, and its owner, whose subjects are in `owner`."""

    case: Case
    peers: Peers
    model: ReadModel
    database: Database
    inbox: InboxFactory
    owner: Told = field(default_factory=dict)

    def state(self, number: int, version: int) -> dict[str, Any]:
        return event(self.model.schema.type, self.case.data(version), *self.case.key(number), version=version)

    def owner_has(self, version: int, numbers: Iterable[int]) -> None:
        self.owner |= {self.case.key(number): self.state(number, version) for number in numbers}

    async def told(self, version: int, *numbers: int) -> None:
        """Receive events."""
        events = [StateEvent.model_validate(self.state(number, version)) for number in numbers]
        async with self.database.transaction() as session:
            await self.inbox(session).receive(events, self.model.schema.owner)

    async def rebuild(self) -> int:
        return await rebuild(self.database, self.model, self.inbox)

    async def reconcile(self, *, repair: bool = False) -> Drift:
        return await reconcile(self.database, self.model, self.inbox, repair=repair)

    async def rows(self) -> dict[Key, tuple[int, object]]:
        """Version and value of all rows."""
        async with self.database.transaction() as session:
            values = {tuple(row[:-1]): row[-1] for row in await session.execute(text(self.case.kept))}
            versions = await self.model.table.between(session, (), None)
        return {key: (versions[key], value) for key, value in values.items()}

    def expected(self, **versions: Iterable[int]) -> dict[Key, tuple[int, object]]:
        """`v3=[7, 8]`: these must have version 3."""
        numbered = {int(name[1:]): numbers for name, numbers in versions.items()}
        return {
            self.case.key(number): (version, self.case.value(version))
            for version, numbers in numbered.items()
            for number in numbers
        }

    def subject(self, number: int) -> str:
        return ":".join((self.model.schema.type, *map(str, self.case.key(number))))


@asynccontextmanager
async def keeping(case: Case, database_of: Cloner) -> AsyncIterator[Kept]:
    own = {"client_secret": secrets.token_urlsafe(32), "relay": "false", "breaker_pause": "0"}
    peers = Peers()
    settings = import_module(f"{case.service}.config").Settings
    found = settings.model_validate({**await database_of(case.service), **own})
    app = import_module(f"{case.service}.main").create_app(found, peers)
    async with app.router.lifespan_context(app):
        model: ReadModel = app.state.read_models[case.name]
        kept = Kept(case, peers, model, app.state.database, app.state.inbox)
        peers.lists[model.path] = lambda params: page(kept.owner, params)
        yield kept


@pytest.fixture(params=CASES, ids=lambda case: f"{case.service} {case.name}")
async def kept(request: pytest.FixtureRequest, database_of: Cloner) -> AsyncIterator[Kept]:
    async with keeping(request.param, database_of) as kept:
        yield kept


async def test_rebuild_fills_a_model_page_by_page_and_leaves_newer_states(kept: Kept) -> None:
    kept.owner_has(3, range(1, 206))
    await kept.told(5, 42)
    await kept.told(2, 43)
    assert await kept.rebuild() == 205
    assert kept.peers.asked.count(kept.model.path) == 3
    assert await kept.rows() == kept.expected(v3=range(1, 206), v5=[42])


async def test_rebuild_stores_states_of_the_same_version_again(kept: Kept) -> None:
    """So that a column added later is filled: docs/operations/migrations.md, a new field in an event."""
    kept.owner_has(3, [1, 2])
    await kept.told(3, 1)
    await kept.told(7, 2)
    told_more = kept.state(1, 8)
    kept.owner[kept.case.key(1)] = {**told_more, "version": 3, "id": f"{kept.subject(1)}@3"}
    await kept.rebuild()
    assert await kept.rows() == {kept.case.key(1): (3, kept.case.value(8)), **kept.expected(v7=[2])}


async def test_reconcile_tells_what_differs_and_changes_nothing_unless_it_is_to_repair(kept: Kept) -> None:
    kept.owner_has(3, range(1, 106))
    await kept.told(3, *(number for number in range(1, 106) if number not in (7, 104)))
    kept.owner_has(4, [8, 105])  # their events are lost
    await kept.told(9, 9, 103)  # the owner has lost these: it was restored from a backup
    before = await kept.rows()
    drift = await kept.reconcile()
    assert (drift.compared, drift.total) == (105, 6)
    assert drift.missing == [kept.subject(7), kept.subject(104)]
    assert drift.behind == [kept.subject(8), kept.subject(105)]
    assert drift.ahead == [kept.subject(9), kept.subject(103)]
    assert await kept.rows() == before

    again = await kept.reconcile(repair=True)
    assert (again.missing, again.behind, again.ahead) == (drift.missing, drift.behind, drift.ahead)
    assert await kept.rows() == kept.expected(v3=range(1, 106), v4=[8, 105])
    assert (await kept.reconcile()).total == 0


async def test_what_changes_while_it_is_compared_is_not_rolled_back(kept: Kept) -> None:
    """The owner's page was read before the change, but the event of the change arrived before the page."""
    kept.owner_has(3, range(1, 6))
    await kept.told(3, *range(1, 6))
    await kept.told(9, 2)  # lost by the owner, unlike the next
    asked: list[httpx.QueryParams] = []

    old = page(kept.owner, httpx.QueryParams({"limit": 100}))

    def owner_at_work(params: httpx.QueryParams) -> dict[str, Any]:
        asked.append(params)
        return old if len(asked) == 1 else page(kept.owner, params)

    kept.peers.lists[kept.model.path] = owner_at_work
    kept.owner_has(4, [4])
    await kept.told(4, 4)
    drift = await kept.reconcile(repair=True)
    assert drift.ahead == [kept.subject(2)]
    assert len(asked) == 4, "the page, once more for each that seemed to be ahead, and for the one set back"
    assert await kept.rows() == kept.expected(v3=[1, 2, 3, 5], v4=[4])


async def test_what_the_owner_has_lost_is_told_and_goes_so_that_it_may_come_again(kept: Kept) -> None:
    """The owner was restored to a time before them; new subjects there begin with version 1."""
    lost = [50, 150, 205, 206, 300]
    there = [number for number in range(1, 205) if number not in lost]
    kept.owner_has(3, there)
    await kept.told(3, *there, *lost)
    before = await kept.rows()
    drift = await kept.reconcile()
    found = drift.left if kept.model.table.owned_here else drift.unknown
    assert found == [kept.subject(number) for number in lost]
    assert drift.total == (0 if kept.model.table.owned_here else 5)
    assert await kept.rows() == before

    await kept.reconcile(repair=True)
    if kept.model.table.owned_here:  # profiles belong to users itself: they stay
        assert await kept.rows() == before
        return
    assert await kept.rows() == kept.expected(v3=there)
    assert (await kept.reconcile()).total == 0
    await kept.told(1, *lost)
    await kept.told(2, 50, 300)
    assert await kept.rows() == kept.expected(v3=there, v1=[150, 205, 206], v2=[50, 300])


async def test_an_owner_that_has_lost_everything_is_compared_part_by_part(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_models, "MANY", 10)
    await kept.told(3, *range(1, 26))
    drift = await kept.reconcile(repair=True)
    assert len(drift.left if kept.model.table.owned_here else drift.unknown) == 25
    monkeypatch.undo()
    assert len(await kept.rows()) == (25 if kept.model.table.owned_here else 0)


async def test_what_happens_again_while_it_is_compared_stays(kept: Kept) -> None:
    """One subject is newer than the owner's page; the other arrives again before its old state is deleted."""
    await kept.told(1, 7)
    await kept.told(3, 8)
    asked: list[str] = []

    def owner_at_work(params: httpx.QueryParams) -> dict[str, Any]:
        asked.append(params.get("after", ""))
        answer = page(kept.owner, params)
        if len(asked) == 1:
            kept.owner_has(1, [7])
        if len(asked) == 3:
            kept.owner_has(1, [8])
        return answer

    kept.peers.lists[kept.model.path] = owner_at_work
    await kept.reconcile(repair=True)
    expected = kept.expected(v1=[7], v3=[8]) if kept.model.table.owned_here else kept.expected(v1=[7, 8])
    assert await kept.rows() == expected


async def test_an_owner_that_is_away_or_has_no_such_list_is_named(kept: Kept) -> None:
    await kept.told(3, 1)
    listed = kept.peers.lists.pop(kept.model.path)
    with pytest.raises(OwnerUnknown, match=kept.model.path):
        await kept.rebuild()
    kept.peers.lists[kept.model.path] = listed
    kept.peers.away = True
    for repair in (False, True):
        with pytest.raises(PeerUnavailable, match=f"The {kept.model.owner.audience} service"):
            await kept.reconcile(repair=repair)
    with pytest.raises(PeerUnavailable):
        await kept.rebuild()
    assert await kept.rows() == kept.expected(v3=[1])
