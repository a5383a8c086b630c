"""Rebuilding and reconciling read models, page by page from their owners, while serving.

Events keep read models up to date. These commands are for a new read model, a restored database, or a suspicion.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from common.db.database import Database
from common.events import read_models
from common.events.erasure import KNOWN as ERASED
from common.events.inbox import parse_event
from common.events.read_models import InboxFactory, ReadModel
from common.state_events import Event, EventPage, Key, StateEvent

PAGE: Final = 100
ENOUGH: Final = 20


class OwnerUnknown(Exception):
    """The owner has no such list."""


@dataclass(slots=True)
class Drift:
    """How a read model differs from its owner."""

    compared: int = 0
    missing: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    """Newer here than at the owner, which was restored from a backup."""
    unknown: list[str] = field(default_factory=list)
    """Here, but not at the owner: created after its backup, and lost in the restore."""
    left: list[str] = field(default_factory=list)
    """Unknown, too, but with data of this service, so they stay. Not counted as a difference."""

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

    A state of the same version is stored again, which fills a column that is new in the read model. Only accounts
    that were erased are not erased once more.
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
    """Batch by batch in key order: the owner's events, and the versions that are stored here."""
    after: Key = ()
    async for page in pages(model):
        theirs = {parse_event(event, model.schema).key: event for event in page.events}
        end = None if page.next is None else max(theirs)
        more = True
        while more:
            async with database.transaction() as session:
                ours = await model.table.between(session, after, end)
            more = len(ours) == read_models.MANY
            until = max(ours) if more else end
            yield {key: theirs[key] for key in theirs if key > after and (until is None or key <= until)}, ours
            after = until or ()


async def batches_without_erased(
    database: Database, model: ReadModel
) -> AsyncIterator[tuple[Mapping[Key, StateEvent], Mapping[Key, int]]]:
    """As `batches`, without subjects of accounts that were erased here: their data is never stored again."""
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

    A subject that changes meanwhile may show as behind. Its event is on the way, and storing the state does no harm.
    One that seems newer here, or unknown to the owner, may have changed after the page was written. So the owner is
    asked again. Only if it still has less than was seen here is its older state stored, or the row here deleted. Events
    that it sent meanwhile were ignored as too old, so it is asked once more afterwards.
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
    """Store the states in `wrong`. Reset or remove `lost`: by key, the version here and whether the owner has it."""
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
    """Tell the owner again of accounts that were erased here, but not, or no longer, there."""
    if model.resend_erased is not None:
        async with database.transaction() as session:
            for key in ours:
                if key not in theirs or theirs[key].data.get("status") == "deleting":
                    await model.resend_erased(session, int(*key))


async def fetch_current(model: ReadModel, key: Key) -> StateEvent | None:
    """The owner's current state of one subject: the first of the page that begins just before it."""
    *first, last = key
    if not isinstance(last, int):
        raise TypeError(f"{model.path} is not in the order of numbers")
    before = ":".join(map(str, (*first, last - 1)))
    page = await model.owner.get(model.path, EventPage, {"limit": 1, "after": before})
    found = page.events[0] if page and page.events else None
    return found if found and parse_event(found, model.schema).key == key else None
