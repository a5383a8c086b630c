"""Profiles: the caller's own and others'."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from common.errors import PreconditionFailed
from common.pictures.errors import PictureNotFound
from common.ports import Page, Transactions, Versions
from users.services.errors import UserNotFound
from users.services.events import profile_event
from users.services.ports import ProfileReader, ProfileSearch, UnitOfWork
from users.services.provisioning import Provisioning
from users.services.records import Profile, ProfileSummary, Viewer

PICTURE: Final = re.compile(r"/users/pictures/([0-9a-f]{32})\.webp")
"""The `avatar_url` of somebody whose avatar is a picture of this site."""


def picture_of(avatar_url: str | None) -> str | None:
    """The name of the picture."""
    found = PICTURE.fullmatch(avatar_url or "")
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class ProfileQueries:
    """Reads profiles."""

    reader: ProfileReader
    searches: ProfileSearch
    provisioning: Provisioning

    async def get(self, user_id: int, viewer: Viewer) -> Profile:
        """A profile as the viewer sees it: the address only for its owner and admins.

        Raises:
            UserNotFound: there is no such person.
        """
        profile = await self.reader.get(user_id, viewer.id)
        if profile is None:
            await self.provisioning.ensure_profile(user_id)
            profile = await self.reader.get(user_id, viewer.id)
        if profile is None:
            raise UserNotFound("User not found")
        return as_seen(profile, viewer)

    async def batch(self, ids: Sequence[int], viewer: Viewer) -> Sequence[Profile]:
        """The existing profiles, in the order of the ids. Unknown ids cause no call to auth."""
        found = {profile.id: profile for profile in await self.reader.batch(ids, viewer.id)}
        return [as_seen(found[user_id], viewer) for user_id in ids if user_id in found]

    async def by_username(self, names: Sequence[str], viewer: Viewer) -> Sequence[Profile]:
        """The existing profiles, in the order of the names, regardless of case. `~41` names the profile of an id."""
        folded = list(dict.fromkeys(name.lower() for name in names))
        numbers = [int(name[1:]) for name in folded if name.startswith("~")]
        named = await self.reader.by_username(folded, viewer.id) if len(numbers) < len(folded) else []
        found = {profile.username.lower(): profile for profile in named if profile.username}
        found |= {f"~{profile.id}": profile for profile in (await self.batch(numbers, viewer) if numbers else [])}
        return [as_seen(found[name], viewer) for name in folded if name in found]

    async def search(self, query: str, viewer: Viewer, limit: int, after: tuple[int, int] | None) -> Page[Profile]:
        """People whose names have all words of the query, regardless of case and accents; most followers first."""
        found = await self.searches.search(query.split(), viewer.id, limit, after)
        return Page([as_seen(profile, viewer) for profile in found.rows], found.more)

    async def summaries(self, ids: Sequence[int]) -> Sequence[ProfileSummary]:
        """Summaries of the people who exist. Creates the profiles of new accounts."""
        summaries = await self.reader.summaries(ids)
        unknown = sorted(set(ids) - {summary.id for summary in summaries})
        if not unknown:
            return summaries
        await asyncio.gather(*(self._ensure_if_any(user_id) for user_id in unknown))
        return await self.reader.summaries(ids)

    async def page(self, after: int, limit: int) -> Sequence[ProfileSummary]:
        """All summaries by id, for consumers that rebuild their read models."""
        return await self.reader.page(after, limit)

    async def _ensure_if_any(self, user_id: int) -> None:
        try:
            await self.provisioning.ensure_profile(user_id)
        except UserNotFound:
            return


def as_seen(profile: Profile, viewer: Viewer) -> Profile:
    return profile if viewer.sees_address_of(profile.id) else replace(profile, email=None)


@dataclass(frozen=True, slots=True)
class ProfileCommands:
    """Changes the caller's own profile."""

    transactions: Transactions[UnitOfWork]
    provisioning: Provisioning

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions = None) -> None:
        """Write the given fields of the caller's own profile.

        Raises:
            UserNotFound: there is no such person.
            PictureNotFound: the avatar is a picture of this site, but not of the caller's, or its upload is unfinished.
            PreconditionFailed: the profile does not have an expected version.
        """
        if await self._edit(user_id, changes, expected):
            return
        await self.provisioning.ensure_profile(user_id)
        if not await self._edit(user_id, changes, expected):
            raise UserNotFound("User not found")

    async def edit_latest(self, user_id: int, changes: Mapping[str, Any]) -> None:
        """As `edit`, after storing the latest state of the account. Raises DependencyUnavailable: auth is away."""
        await self.provisioning.ensure_profile(user_id)
        await self.edit(user_id, changes)

    async def _edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        """False if there was no profile; it may exist a moment later."""
        async with self.transactions() as work:
            picture = picture_of(changes.get("avatar_url"))
            if "avatar_url" in changes and not await work.profiles.lock(user_id):  # before its pictures
                return False
            if picture is not None and not await work.pictures.keep_finished(picture, user_id):
                raise PictureNotFound("You have no such picture.")
            summary = await work.profiles.edit(user_id, changes, expected) if changes else None
            if summary is not None:
                if "avatar_url" in changes:
                    await work.pictures.remove_others(user_id, picture)
                await work.events.publish(profile_event(summary))
                return True
            profile = await work.profiles.get(user_id, None)
            if profile is not None and expected is not None and profile.version not in expected:
                raise PreconditionFailed("The profile has changed since.")
            return profile is not None and not changes
