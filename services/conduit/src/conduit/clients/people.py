"""Profiles and follows, from users."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from conduit.clients.peers import Peer
from conduit.clients.recent import RecentProfiles
from conduit.services.records import Profile

MOST: Final = 100
"""People per call."""
NAMED: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}|~[1-9][0-9]{0,14}")
"""Usernames that users can have; an id stands for people without one."""
PICTURES: Final = "/users/pictures/"


class ProfileAnswer(BaseModel):
    """A profile of users."""

    id: int
    username: str | None
    email: str | None
    bio: str
    avatar_url: str | None
    following: bool | None

    def profile(self, site: str) -> Profile:
        """Its picture has a whole address, as RealWorld's front ends expect; users gives it below the site's."""
        name, image = self.username or f"~{self.id}", self.avatar_url or None
        if image is not None and image.startswith(PICTURES):
            image = site + image
        return Profile(self.id, name, self.bio or None, image, bool(self.following), self.email)


class ProfilesAnswer(BaseModel):
    """A page of them."""

    items: list[ProfileAnswer]


@dataclass(frozen=True, slots=True)
class UsersPeople:
    """`People` over HTTP."""

    users: Peer
    site: str
    """Its public address."""
    recent: RecentProfiles | None = None
    """Used if the caller is not signed in: then all callers see the same."""

    async def me(self) -> Profile:
        return (await self.users.fetch("GET", "/users/me", ProfileAnswer)).profile(self.site)

    async def edit(self, changes: Mapping[str, str | None]) -> Profile:
        body: dict[str, str | None] = {}
        if "bio" in changes:
            body["bio"] = changes["bio"] or ""
        if "image" in changes:
            image = changes["image"] or None
            is_ours = image is not None and image.startswith(self.site + PICTURES)
            body["avatar_url"] = image[len(self.site) :] if image is not None and is_ours else image
        return (await self.users.fetch("PATCH", "/users/conduit/me", ProfileAnswer, body=body)).profile(self.site)

    async def named(self, names: Sequence[str]) -> Sequence[Profile]:
        wanted = ",".join(name for name in names if NAMED.fullmatch(name))
        return await self._list({"usernames": wanted}) if wanted else []

    async def by_id(self, ids: Set[int]) -> Mapping[int, Profile]:
        found = dict(self.recent.among(ids)) if self.recent else {}
        wanted = sorted(ids - found.keys())
        for start in range(0, len(wanted), MOST):
            asked_at = self.recent.now() if self.recent else 0.0
            some = await self._list({"ids": ",".join(map(str, wanted[start : start + MOST]))})
            found |= {one.id: one for one in some}
            if self.recent:
                self.recent.keep(some, asked_at)
        return found

    async def follow(self, user_id: int) -> None:
        await self.users.call("PUT", f"/users/{user_id}/follow")

    async def unfollow(self, user_id: int) -> None:
        await self.users.call("DELETE", f"/users/{user_id}/follow")

    async def _list(self, params: Mapping[str, str]) -> list[Profile]:
        answer = await self.users.fetch("GET", "/users", ProfilesAnswer, params=params)
        return [one.profile(self.site) for one in answer.items]
