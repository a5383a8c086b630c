"""Profiles: one's own and others'."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from common.errors import PreconditionFailed
from common.ports import Slice, Transactions, Versions
from users.services import told
from users.services.arrivals import Arrivals
from users.services.errors import UserNotFound
from users.services.ports import ProfileReader, ProfileSearch, Work
from users.services.records import Card, Profile, Viewer


@dataclass(frozen=True, slots=True)
class Profiles:
    """Looks at profiles."""

    reader: ProfileReader
    searches: ProfileSearch
    arrivals: Arrivals

    async def get(self, user_id: int, viewer: Viewer) -> Profile:
        """A profile as somebody sees it: the address only for its owner and admins.

        Raises:
            UserNotFound: there is no such person.
        """
        profile = await self.reader.get(user_id, viewer.id)
        if profile is None:
            await self.arrivals.welcome(user_id)
            profile = await self.reader.get(user_id, viewer.id)
        if profile is None:
            raise UserNotFound("User not found")
        return as_seen(profile, viewer)

    async def batch(self, ids: Sequence[int], viewer: Viewer) -> Sequence[Profile]:
        """The profiles of those who exist, in the order of the ids; nobody is asked of the others."""
        found = {profile.id: profile for profile in await self.reader.batch(ids, viewer.id)}
        return [as_seen(found[user_id], viewer) for user_id in ids if user_id in found]

    async def search(self, query: str, viewer: Viewer, limit: int, after: tuple[int, int] | None) -> Slice[Profile]:
        """People whose names have all words of the query, whatever their case and accents; most followers first."""
        found = await self.searches.search(query.split(), viewer.id, limit, after)
        return Slice([as_seen(profile, viewer) for profile in found.rows], found.more)

    async def cards(self, ids: Sequence[int]) -> Sequence[Card]:
        """The cards of those who exist. Who has only just signed up gets a profile by it."""
        cards = await self.reader.cards(ids)
        unknown = sorted(set(ids) - {card.id for card in cards})
        if not unknown:
            return cards
        await asyncio.gather(*(self._welcome_if_any(user_id) for user_id in unknown))
        return await self.reader.cards(ids)

    async def page(self, after: int, limit: int) -> Sequence[Card]:
        """Everybody's cards in the order of their ids, for whoever rebuilds what it knows of people."""
        return await self.reader.page(after, limit)

    async def _welcome_if_any(self, user_id: int) -> None:
        try:
            await self.arrivals.welcome(user_id)
        except UserNotFound:
            return


def as_seen(profile: Profile, viewer: Viewer) -> Profile:
    return profile if viewer.sees_address_of(profile.id) else replace(profile, email=None)


@dataclass(frozen=True, slots=True)
class ProfileEditor:
    """Changes one's own profile."""

    transactions: Transactions[Work]
    arrivals: Arrivals

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions = None) -> None:
        """Write the given fields of one's own profile.

        Raises:
            UserNotFound: there is no such person.
            PreconditionFailed: the profile is not of an expected version.
        """
        if await self._edit(user_id, changes, expected):
            return
        await self.arrivals.welcome(user_id)
        if not await self._edit(user_id, changes, expected):
            raise UserNotFound("User not found")

    async def _edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        """False if there was no profile yet when the change was tried; it may be there a moment later."""
        async with self.transactions() as work:
            card = await work.profiles.edit(user_id, changes, expected) if changes else None
            if card is not None:
                await work.events.publish(told.profile(card))
                return True
            profile = await work.profiles.get(user_id, None)
            if profile is not None and expected is not None and profile.version not in expected:
                raise PreconditionFailed("The profile has changed since.")
            return profile is not None and not changes
