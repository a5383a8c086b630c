"""Rebuilding and checking what a service knows of another's subjects, page by page from their owner, while serving.

Events keep read models right by themselves. These commands are for a new read model, a restored database, or doubt.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from common.calls.service_client import ServiceClient
from common.db.database import Database
from common.events.erasure import KNOWN as ERASED
from common.events.inbox import Inbox, parse_event
from common.state_events import Event, EventData, EventPage, Key, StateEvent

PAGE: Final = 100
MANY: Final = 1000
ENOUGH: Final = 20


@dataclass(frozen=True, slots=True)
class ReadModelTable:
    """Where versions are kept: a table's columns that name a subject, and the one with its version."""

    names: tuple[InstrumentedAttribute[int], ...]
    version: InstrumentedAttribute[int]
    owned_here: bool = False
    """The rows hold more than the owner has told: they stay when it knows nothing of them any more."""

    async def between(self, session: AsyncSession, after: Key, until: Key | None) -> Mapping[Key, int]:
        """Versions of the first MANY subjects in (after, until], in order; () and None stand for the ends."""
        found = select(*self.names, self.version).order_by(*self.names).limit(MANY)
        if after:
            found = found.where(tuple_(*self.names) > after)
        if until is not None:
            found = found.where(tuple_(*self.names) <= until)
        return {tuple(row[:-1]): row[-1] for row in await session.execute(found)}

    async def reopen(self, session: AsyncSession, versions: Mapping[Key, int]) -> None:
        """Let the states of these versions be stored once more. Rows are locked in the same order as by events."""
        same = tuple_(*self.names, self.version).in_([(*key, version) for key, version in versions.items()])
        await session.execute(select(self.version).where(same).order_by(*self.names).with_for_update())
        await session.execute(update(self.version.class_).where(same).values({self.version.key: -1}))

    async def forget(self, session: AsyncSession, key: Key, version: int) -> None:
        """Let an older state be stored, unless a newer one than this version has come meanwhile."""
        known = update(self.version.class_).where(tuple_(*self.names) == key, self.version == version)
        await session.execute(known.values({self.version.key: -1}))

    async def remove(self, session: AsyncSession, key: Key, version: int) -> None:
        """Keep nothing of a subject, unless a newer state than this version has come meanwhile."""
        await session.execute(delete(self.version.class_).where(tuple_(*self.names) == key, self.version == version))


class OwnerUnknown(Exception):
    """The owner does not have such a list."""


class InboxFactory(Protocol):
    """Makes an inbox that works in a session."""

    def __call__(self, session: AsyncSession) -> Inbox: ...


@dataclass(frozen=True, slots=True)
class ReadModel:
    """What is kept here of one type of subject, and where its owner lists them all."""

    schema: type[EventData]
    owner: ServiceClient
    path: str
    table: ReadModelTable
    resend_erased: Callable[[AsyncSession, int], Awaitable[None]] | None = None
    """Tells the owner (again) that somebody was erased here. Only for the list of those who were; the other models are
    not compared where they concern one of them."""


@dataclass(slots=True)
class Drift:
    """How a read model differs from its owner."""

    compared: int = 0
    missing: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    """Newer here than at the owner: it was restored from a backup."""
    unknown: list[str] = field(default_factory=list)
    """Here, and not at the owner: made after that backup, and lost."""
    left: list[str] = field(default_factory=list)
    """Unknown, too, but this service's own, so left alone. Does not count as a difference."""

    @property
    def total(self) -> int:
        return len(self.missing) + len(self.behind) + len(self.ahead) + len(self.unknown)

    def __str__(self) -> str:
        lines = [f"{self.compared} compared, {self.total} differ"]
        for name in ("missing", "behind", "ahead", "unknown", "left"):
            subjects: list[str] = getattr(self, name)
            if subjects:
                more = f" and {len(subjects) - ENOUGH} more" if len(subjects) > ENOUGH else ""
                lines.append(f"  {name}: {', '.join(subjects[:ENOUGH])}{more}")
        return "\n".join(lines)


async def pages(model: ReadModel) -> AsyncIterator[EventPage]:
    """All subjects of the owner; the last page may be empty. Raises PeerUnavailable or OwnerUnknown."""
    after: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": PAGE} | ({"after": after} if after else {})
        page = await model.owner.get(model.path, EventPage, params)
        if page is None:
            raise OwnerUnknown(f"{model.owner.audience} has no {model.path}")
        yield page
        after = page.next
        if after is None:
            return


async def rebuild(database: Database, model: ReadModel, inbox: InboxFactory) -> int:
    """Store the newest state of every subject; returns how many there are. Events may come in meanwhile.

    A state of the same version is stored again, which fills a column that the read model did not have before. Only
    those who were erased are not erased once more.
    """
    count = 0
    async for page in pages(model):
        versions = {parse_event(event, model.schema).key: event.version for event in page.events}
        async with database.transaction() as session:
            if versions and model.resend_erased is None:
                await model.table.reopen(session, versions)
            count += await inbox(session).receive(page.events, model.owner.audience)
    return count


async def batches(
    database: Database, model: ReadModel
) -> AsyncIterator[tuple[Mapping[Key, StateEvent], Mapping[Key, int]]]:
    """Part by part, in the order of keys: what the owner has, and the versions of what is here."""
    after: Key = ()
    async for page in pages(model):
        theirs = {parse_event(event, model.schema).key: event for event in page.events}
        end = None if page.next is None else max(theirs)
        more = True
        while more:
            async with database.transaction() as session:
                ours = await model.table.between(session, after, end)
            more = len(ours) == MANY
            until = max(ours) if more else end
            yield {key: theirs[key] for key in theirs if key > after and (until is None or key <= until)}, ours
            after = until or ()


async def batches_without_erased(
    database: Database, model: ReadModel
) -> AsyncIterator[tuple[Mapping[Key, StateEvent], Mapping[Key, int]]]:
    """As `batches`, without what concerns people who were erased here: nothing of them is kept, whoever tells it."""
    async for theirs, ours in batches(database, model):
        numbers = {number for key in (*theirs, *ours) for number in key}
        erased = set[int | UUID]()
        if model.resend_erased is None:
            async with database.transaction() as session:
                erased.update((await session.execute(ERASED, {"accounts": sorted(numbers, key=int)})).scalars())
        yield (
            {key: event for key, event in theirs.items() if erased.isdisjoint(key)},
            {key: version for key, version in ours.items() if erased.isdisjoint(key)},
        )


async def reconcile(database: Database, model: ReadModel, inbox: InboxFactory, *, repair: bool) -> Drift:
    """Compare with the owner, and repair if asked to.

    A subject that changes meanwhile may show as behind: its event is on the way, and storing the state does no harm.
    One that seems newer here than at the owner, or unknown there, may just have changed, too, after the page was
    written. So the owner is asked again, and only if it still knows less than what was noted here before, its older
    state is stored, or what is here removed. Whatever it has told meanwhile seemed old, so it is asked once more then.
    """
    drift = Drift()
    async for theirs, ours in batches_without_erased(database, model):
        wrong: list[StateEvent] = []
        lost: list[Key] = []
        for key, event in theirs.items():
            known = ours.get(key)
            if known is None:
                drift.missing.append(event.subject)
            elif known < event.version:
                drift.behind.append(event.subject)
            elif known > event.version and (again := await fetch_current(model, key)) and again.version < known:
                drift.ahead.append(event.subject)
                lost.append(key)
            else:
                continue
            wrong.append(event)
        for key in [key for key, known in ours.items() if known > 0 and key not in theirs]:
            if await fetch_current(model, key) is None:
                subject = Event(key, ours[key], model.schema.model_construct()).subject
                (drift.left if model.table.owned_here else drift.unknown).append(subject)
                lost += [] if model.table.owned_here else [key]
        if repair:
            await repair_drift(database, model, inbox, wrong, {key: (ours[key], key in theirs) for key in lost})
            await resend_erasures(database, model, theirs, ours)
        drift.compared += len(theirs)
    return drift


async def repair_drift(
    database: Database,
    model: ReadModel,
    inbox: InboxFactory,
    wrong: Sequence[StateEvent],
    lost: Mapping[Key, tuple[int, bool]],
) -> None:
    """Store what is wrong here, and give up what the owner has lost: by its version here, and whether it is there."""
    if wrong or lost:
        async with database.transaction() as session:
            for key, (version, is_there) in lost.items():
                await (model.table.forget if is_there else model.table.remove)(session, key, version)
            await inbox(session).receive(wrong, model.owner.audience)
        latest = [await fetch_current(model, key) for key in lost]
        async with database.transaction() as session:
            await inbox(session).receive([event for event in latest if event], model.owner.audience)


async def resend_erasures(
    database: Database, model: ReadModel, theirs: Mapping[Key, StateEvent], ours: Mapping[Key, int]
) -> None:
    """Tell the owner of those who were erased here, and are not yet, or not any more, there."""
    if model.resend_erased is not None:
        async with database.transaction() as session:
            for key in ours:
                if key not in theirs or theirs[key].data.get("status") == "deleting":
                    await model.resend_erased(session, int(*key))


async def fetch_current(model: ReadModel, key: Key) -> StateEvent | None:
    """What the owner says of one subject now: the first of the page that begins just before it."""
    *first, last = key
    if not isinstance(last, int):
        raise TypeError(f"{model.path} is not in the order of numbers")
    before = ":".join(map(str, (*first, last - 1)))
    page = await model.owner.get(model.path, EventPage, {"limit": 1, "after": before})
    found = page.events[0] if page and page.events else None
    return found if found and parse_event(found, model.schema).key == key else None
