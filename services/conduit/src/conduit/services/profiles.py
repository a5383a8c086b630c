"""Other people, and following them."""

from dataclasses import dataclass, replace

import structlog

from common.errors import DependencyUnavailable
from conduit.services.errors import ProfileNotFound
from conduit.services.ports import Articles, People
from conduit.services.records import Profile

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProfileService:
    """Profiles by username: at most three calls each."""

    people: People
    articles: Articles

    async def get(self, username: str) -> Profile:
        """Raises ProfileNotFound."""
        found = await self.people.named([username])
        if not found:
            raise ProfileNotFound("Nobody has this username.")
        return found[0]

    async def follow(self, username: str) -> Profile:
        """Follow somebody; a repetition changes nothing. Raises ProfileNotFound, ProfileForbidden."""
        profile = await self.get(username)
        await self.people.follow(profile.id)
        await self._refresh_feed(profile)
        return replace(profile, following=True)

    async def unfollow(self, username: str) -> Profile:
        """Stop following somebody; a repetition changes nothing. Raises ProfileNotFound."""
        profile = await self.get(username)
        await self.people.unfollow(profile.id)
        await self._refresh_feed(profile)
        return replace(profile, following=False)

    async def _refresh_feed(self, profile: Profile) -> None:
        """The caller's next feed must show it. If posts is away, users' event will tell it."""
        try:
            await self.articles.refresh_follow(profile.id)
        except DependencyUnavailable as error:
            log.warning("feed is not refreshed yet", reason=str(error))
