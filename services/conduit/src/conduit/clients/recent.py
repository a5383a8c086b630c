"""Profiles as visitors see them, for a second: lists for visitors show the same authors again and again."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from conduit.services.records import Profile

FRESH: Final = 1.0
"""Seconds. Somebody who is not signed in may see a profile that is so old; a caller with a token never does."""
REMEMBERED: Final = 5_000
"""Profiles, about 1 KiB each."""


@dataclass(slots=True)
class RecentProfiles:
    """One per process."""

    now: Callable[[], float] = time.monotonic
    read_at: dict[int, tuple[float, Profile]] = field(default_factory=dict)
    """By id: when users was asked, and its answer."""

    def among(self, ids: Collection[int]) -> Mapping[int, Profile]:
        """Those of them that were asked for within the last second."""
        oldest = self.now() - FRESH
        found = ((number, self.read_at.get(number)) for number in ids)
        return {number: one[1] for number, one in found if one is not None and one[0] > oldest}

    def keep(self, profiles: Sequence[Profile], asked_at: float) -> None:
        """Keep what users was asked for at this time of `now`, unless a later answer is here."""
        if len(self.read_at) + len(profiles) > REMEMBERED:
            self.read_at.clear()
        for one in profiles:
            before = self.read_at.get(one.id)
            if before is None or before[0] < asked_at:
                self.read_at[one.id] = (asked_at, one)
