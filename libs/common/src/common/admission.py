"""Which requests are begun when there are more than can be served, and which are refused at once (R-17 to R-19).

The limit is on requests under way in one process. All that are let in share its processor, so the limit bounds how long
each of them waits: 60 requests of 1 to 5 ms are answered within 60 to 300 ms, however many others want in. When
something has to be refused, lists and search go first, and what everybody else depends on last (`Priority`).
`common.http_limits` asks here when a request's head has come, before anything is read or made for it.

No limit that adapts itself (Netflix' concurrency-limits, Envoy's): it would have to find out by trying what is known
here, how many connections to the database there are. Nor uvicorn's `limit_concurrency`, which counts idle connections.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence, Sized
from typing import Any, Final

import structlog
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from common.health import QUIET
from common.routing import Priority, ServiceRoute

log = structlog.get_logger()

SHARES: Final = {Priority.LISTS: 0.75, Priority.ORDINARY: 1.0, Priority.VITAL: 2.0}
"""Of the limit: up to how many requests under way one of each kind is still begun."""
PARAMETER: Final = re.compile(r"\{[^}]*\}")
TELL_EVERY: Final = 1.0
"""Seconds between lines in the log. At ten times the load, a line for each refusal would be load itself."""


class Admission:
    """The limit of one process. What asks for its health is always let in."""

    def __init__(self, routes: Sequence[BaseRoute], most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """`most` requests under way are ordinary; `routes` say how much each matters."""
        self.limits = {priority: int(most * share) for priority, share in SHARES.items()}
        self.open_to_all = self.limits[Priority.LISTS]
        self.refused: dict[str, int] = dict.fromkeys(Priority, 0)
        """How many, for the metrics."""
        self.tasks: Sized = ()
        """The server's, one per request whose answer is not complete: nothing of our own could be forgotten here."""
        self.uploads: set[object] = set()
        """Those of them that still wait for their body. They take no time of anybody's, however slow they are."""
        self._vital = lines_of(routes, Priority.VITAL)
        self._lists = lines_of(routes, Priority.LISTS)
        self._now = now
        self._told_at, self._told = -TELL_EVERY, 0

    @property
    def under_way(self) -> int:
        return len(self.tasks) - len(self.uploads)

    def admits(self, scope: Mapping[str, Any]) -> bool:
        """Whether to begin this request. Each one asks, so it is cheap where there is room: 0.2 us."""
        under_way = len(self.tasks) - len(self.uploads)
        if under_way < self.open_to_all or scope["path"] in QUIET:
            return True
        priority = self.priority_of(scope)
        if under_way < self.limits[priority]:
            return True
        self.refused[priority] += 1
        self.tell(under_way)
        return False

    def priority_of(self, scope: Mapping[str, Any]) -> Priority:
        line = f"{scope['method']} {scope['path']}"
        if self._vital.fullmatch(line):
            return Priority.VITAL
        return Priority.LISTS if self._lists.fullmatch(line) else Priority.ORDINARY

    def tell(self, under_way: int) -> None:
        now = self._now()
        if now - self._told_at >= TELL_EVERY:
            total = sum(self.refused.values())
            log.warning("more requests than can be served", refused=total - self._told, under_way=under_way)
            self._told_at, self._told = now, total


def lines_of(routes: Sequence[BaseRoute], priority: Priority) -> re.Pattern[str]:
    """Matches `GET /posts/7/comments`, for all routes of one priority."""
    lines = []
    for context in iter_route_contexts(routes):
        if isinstance(context.original_route, ServiceRoute) and context.original_route.priority is priority:
            path = "[^/]+".join(re.escape(part) for part in PARAMETER.split(context.path_format or ""))
            lines.append(f"(?:{'|'.join(sorted(context.methods or ()))}) {path}")
    return re.compile("|".join(lines) if lines else r"(?!)")
