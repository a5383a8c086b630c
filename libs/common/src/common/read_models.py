"""Rebuilding and checking what a service knows of another's subjects, page by page from their owner, while serving.

Events keep read models right by themselves. These commands are for a new read model, a restored database, or doubt.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from common.database import Database
from common.events import EventData, EventPage, Key, StateEvent
from common.inbox import Inbox, parse
from common.service_client import ServiceClient

PAGE: Final = 100
ENOUGH: Final = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """Where versions are kept: a table's columns that name a subject, and the one with its version."""

    names: tuple[InstrumentedAttribute[int], ...]
    version: InstrumentedAttribute[int]

    def _chosen(self, keys: Sequence[Key]) -> ColumnElement[bool]:
        return tuple_(*self.names).in_(keys)

    async def versions(self, session: AsyncSession, keys: Sequence[Key]) -> Mapping[Key, int]:
        """Of some subjects; those that are not kept are left out."""
        found = await session.execute(select(*self.names, self.version).where(self._chosen(keys)))
        return {tuple(row[:-1]): row[-1] for row in found}

    async def forget(self, session: AsyncSession, key: Key, version: int) -> None:
        """Let an older state be stored, unless a newer one than this version has come meanwhile."""
        known = update(self.version.class_).where(self._chosen([key]), self.version == version)
        await session.execute(known.values({self.version.key: -1}))


class OwnerUnknown(Exception):
    """The owner does not have such a list."""


class Inboxes(Protocol):
    """Makes an inbox that works in a session."""

    def __call__(self, session: AsyncSession) -> Inbox: ...


@dataclass(frozen=True, slots=True)
class ReadModel:
    """What is kept here of one type of subject, and where its owner lists them all."""

    schema: type[EventData]
    owner: ServiceClient
    path: str
    kept: Kept


@dataclass(slots=True)
class Drift:
    """How a read model differs from its owner."""

    compared: int = 0
    missing: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    """Newer here than at the owner: it was restored from a backup."""

    @property
    def total(self) -> int:
        return len(self.missing) + len(self.behind) + len(self.ahead)

    def __str__(self) -> str:
        lines = [f"{self.compared} compared, {self.total} differ"]
        for name, subjects in (("missing", self.missing), ("behind", self.behind), ("ahead", self.ahead)):
            if subjects:
                more = f" and {len(subjects) - ENOUGH} more" if len(subjects) > ENOUGH else ""
                lines.append(f"  {name}: {', '.join(subjects[:ENOUGH])}{more}")
        return "\n".join(lines)


async def pages(model: ReadModel) -> AsyncIterator[list[StateEvent]]:
    """All subjects of the owner. Raises PeerUnavailable or OwnerUnknown."""
    after: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": PAGE} | ({"after": after} if after else {})
        page = await model.owner.get(model.path, EventPage, params)
        if page is None:
            raise OwnerUnknown(f"{model.owner.audience} has no {model.path}")
        if page.events:
            yield page.events
        after = page.next
        if after is None:
            return


async def rebuild(database: Database, model: ReadModel, inbox: Inboxes) -> int:
    """Store the newest state of every subject; returns how many there are. Events may come in meanwhile."""
    count = 0
    async for events in pages(model):
        async with database.transaction() as session:
            count += await inbox(session).receive(events, model.schema.owner)
    return count


async def reconcile(database: Database, model: ReadModel, inbox: Inboxes, *, repair: bool) -> Drift:
    """Compare with the owner, and repair if asked to.

    A subject that changes meanwhile may show as behind: its event is on the way, and storing the state does no harm.
    One that seems newer here than at the owner may just have changed, too, after the page was written. So the owner is
    asked again, and only if it still knows less than what was noted here before, the owner's older state is stored.
    """
    drift = Drift()
    async for events in pages(model):
        theirs = {parse(event, model.schema).key: event for event in events}
        async with database.transaction() as session:
            ours = await model.kept.versions(session, list(theirs))
        wrong: dict[Key, StateEvent] = {}
        for key, event in theirs.items():
            known = ours.get(key)
            if known is None:
                drift.missing.append(event.subject)
            elif known < event.version:
                drift.behind.append(event.subject)
            elif known > event.version and (again := await ask_again(model, key)) and again.version < known:
                drift.ahead.append(event.subject)
            else:
                continue
            wrong[key] = event
        if repair and wrong:
            async with database.transaction() as session:
                for key, event in wrong.items():
                    if ours.get(key, 0) > event.version:
                        await model.kept.forget(session, key, ours[key])
                await inbox(session).receive(list(wrong.values()), model.schema.owner)
        drift.compared += len(theirs)
    return drift


async def ask_again(model: ReadModel, key: Key) -> StateEvent | None:
    """What the owner says of one subject now: the first of the page that begins just before it."""
    *first, last = key
    if not isinstance(last, int):
        raise TypeError(f"{model.path} is not in the order of numbers")
    before = ":".join(map(str, (*first, last - 1)))
    page = await model.owner.get(model.path, EventPage, {"limit": 1, "after": before})
    found = page.events[0] if page and page.events else None
    return found if found and parse(found, model.schema).key == key else None
