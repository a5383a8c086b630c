"""Puts names to what people wrote."""

from dataclasses import dataclass

import structlog

from common.errors import DependencyUnavailable
from posts.services.ports import People
from posts.services.records import Author, Comment, Post

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Authors:
    """Fills in authors. A text is worth showing without a name, so a service that is away costs only that."""

    people: People

    async def name(self, *written: Post | Comment) -> None:
        """Give each its author's name and picture, with one question for all of them."""
        if not written:
            return
        try:
            cards = await self.people.cards({one.author.id for one in written})
        except DependencyUnavailable as error:
            log.info("authors stay without names", reason=str(error))
            return
        for one in written:
            one.author = cards.get(one.author.id, one.author)

    async def card(self, account_id: int) -> Author:
        """One person's card, asked for before a transaction touches the database: no connection waits for it."""
        try:
            cards = await self.people.cards({account_id})
        except DependencyUnavailable as error:
            log.info("an author stays without name", reason=str(error))
            return Author(account_id)
        return cards.get(account_id, Author(account_id))
