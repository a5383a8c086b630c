"""Read models: a service's copies of data that another service owns, and where the owner lists it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import ARRAY, delete, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from common.calls.service_client import ServiceClient
from common.contracts.events import AccountData
from common.events.erasure import ErasureRepository
from common.events.inbox import Inbox
from common.state_events import EventData, Key

MANY: Final = 1000


@dataclass(frozen=True, slots=True)
class ReadModelTable:
    """Where a read model keeps its versions: the columns that name a subject, and the version column."""

    names: tuple[InstrumentedAttribute[int], ...]
    version: InstrumentedAttribute[int]
    owned_here: bool = False
    """The rows hold data of this service, too, so they stay when the owner does not know their subject."""

    async def between(self, session: AsyncSession, after: Key, until: Key | None) -> Mapping[Key, int]:
        """Versions of the first MANY subjects in (after, until], in order; () and None stand for the ends."""
        found = select(*self.names, self.version).order_by(*self.names).limit(MANY)
        if after:
            found = found.where(tuple_(*self.names) > after)
        if until is not None:
            found = found.where(tuple_(*self.names) <= until)
        return {tuple(row[:-1]): row[-1] for row in await session.execute(found)}

    async def forget(self, session: AsyncSession, key: Key, version: int) -> None:
        """Let an older state be stored, unless a newer version than this has come meanwhile."""
        known = update(self.version.class_).where(tuple_(*self.names) == key, self.version == version)
        await session.execute(known.values({self.version.key: -1}))

    async def reopen(self, session: AsyncSession, versions: Mapping[Key, int]) -> None:
        """Let the states of these versions be stored once more. Rows are locked in the same order as by events."""
        columns = (*self.names, self.version)
        rows = zip(*((*key, version) for key, version in versions.items()), strict=True)
        given = (func.unnest(literal(list(row), ARRAY(one.type))) for one, row in zip(columns, rows, strict=True))
        same = tuple_(*columns).in_(select(*given))
        await session.execute(select(self.version).where(same).order_by(*self.names).with_for_update())
        await session.execute(update(self.version.class_).where(same).values({self.version.key: -1}))

    async def remove(self, session: AsyncSession, key: Key, version: int) -> None:
        """Delete the row of a subject, unless a newer version than this has come meanwhile."""
        await session.execute(delete(self.version.class_).where(tuple_(*self.names) == key, self.version == version))


class InboxFactory(Protocol):
    """Makes an inbox that works in a session."""

    def __call__(self, session: AsyncSession) -> Inbox: ...


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A read model: one type of subject, and the path where its owner lists them."""

    schema: type[EventData]
    owner: ServiceClient
    path: str
    table: ReadModelTable
    resend_erased: Callable[[AsyncSession, int], Awaitable[None]] | None = None
    """Tells the owner again that an account was erased here. Only for the read model of erased accounts; in the others,
    subjects of erased accounts are not compared."""


def erased_accounts(auth: ServiceClient, table: ReadModelTable, service: str) -> ReadModel:
    """The accounts that were erased here, compared with those that auth has deleted."""

    def resend_erased(session: AsyncSession, account_id: int) -> Awaitable[None]:
        return ErasureRepository(session, service).publish_again(account_id)

    return ReadModel(AccountData, auth, "/internal/erased", table, resend_erased)
