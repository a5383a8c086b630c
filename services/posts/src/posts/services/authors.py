"""Adds authors' names to posts and comments. Events bring them; unknown ones are fetched from users, all at once."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from common.errors import DependencyUnavailable
from common.ports import Transactions
from posts.services.ports import ProfileClient, UnitOfWork
from posts.services.records import Author, Case, Comment, Post, Removal

log = structlog.get_logger()

REMEMBERED: Final = 100_000
UNKNOWN_FOR: Final = 5.0
"""Seconds in which lists do not ask users again for an unknown author. Events may bring it meanwhile."""


@dataclass(slots=True)
class AuthorDirectory:
    """Fills in authors. If users is unavailable, posts and comments are shown without names."""

    profiles: ProfileClient
    transactions: Transactions[UnitOfWork]
    known: set[int] = field(default_factory=set)
    """Ids that are certainly in the read model, to save a query. It only loses deleted authors."""
    unknown: dict[int, float] = field(default_factory=dict)
    """Ids that users did not know, and until when not to ask again."""
    clock: Callable[[], float] = time.monotonic

    async def fill_in(self, *written: Post | Comment | Case | Removal) -> None:
        """Fill in each author that the read model did not have."""
        nameless = [(one, one.author) for one in written if one.author is not None and one.author.name is None]
        now = self.clock() if nameless else 0.0
        if ids := {author.id for _, author in nameless if self.unknown.get(author.id, now) <= now}:
            found = await self._learn(ids)
            for one, author in nameless:
                one.author = found.get(author.id, author)

    async def ensure_known(self, account_id: int) -> None:
        """Make sure that an author has a name here before their transaction begins."""
        if account_id in self.known:
            return
        async with self.transactions() as work:
            found = await work.authors.known({account_id})
        if account_id in found or account_id in await self._learn({account_id}):
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known.add(account_id)

    async def _learn(self, ids: Collection[int]) -> Mapping[int, Author]:
        """Fetch profiles from users, and store them by version. No connection is held during the call."""
        try:
            profiles = await self.profiles.get(ids)
        except DependencyUnavailable as error:
            log.info("authors unavailable; shown without names", reason=str(error))
            return {}
        async with self.transactions() as work:
            await work.authors.note_profiles(profiles)
            found = await work.authors.known(ids)
        if len(self.unknown) >= REMEMBERED:
            self.unknown.clear()
        self.unknown.update(dict.fromkeys(set(ids) - found.keys(), self.clock() + UNKNOWN_FOR))
        return found
