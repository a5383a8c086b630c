"""Which requests are begun when there are more than can be served, and which are refused at once (R-17 to R-19).

The limit is on requests under way in one process. All that are let in share its processor, so the limit bounds how long
each of them waits: 60 requests of 1 to 5 ms are answered within 60 to 300 ms, however many others want in. When
something has to be refused, lists and search go first, and what everybody else depends on last (`Priority`).
`common.serving.http_limits` asks here when a request's head has come, before anything is read or made for it.

No limit that adapts itself (Netflix' concurrency-limits, Envoy's): it would have to find out by trying what is known
here, how many connections to the database there are. Nor uvicorn's `limit_concurrency`, which counts idle connections.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from typing import Any, Final

import structlog
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from common.health import QUIET
from common.http.routing import Priority, ServiceRoute

log = structlog.get_logger()

SHARES: Final = {Priority.LISTS: 0.75, Priority.ORDINARY: 1.0, Priority.VITAL: 2.0}
"""Of the limit: up to how many requests under way one of each kind is still begun."""
PARAMETER: Final = re.compile(r"\{[^}]*\}")
WAITING: Final = 4
"""Times the limit: so many requests may wait for their body, and so many for their reader, and count for nothing."""
MOST_BODIES: Final = 64 * 1024 * 1024
"""Bytes of bodies that are being received, in all: a process has 300 MiB (deploy)."""
SMALL_BODY: Final = 64 * 1024
"""Bytes that a body may have however many others there are."""
TELL_EVERY: Final = 1.0
"""Seconds between lines in the log. At ten times the load, a line for each refusal would be load itself."""


class LoadShedder:
    """The limit of one process. What asks for its health is always let in."""

    def __init__(self, routes: Sequence[BaseRoute], most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """`most` requests under way are ordinary; `routes` say how much each matters."""
        self.limits = {priority: int(most * share) for priority, share in SHARES.items()}
        self.open_to_all = self.limits[Priority.LISTS]
        self.refused: dict[str, int] = dict.fromkeys(Priority, 0)
        """How many, for the metrics."""
        self.tasks: Sized = ()
        """The server's, one per request whose answer is not complete: nothing of our own could be forgotten here."""
        self.most_waiting = WAITING * most
        self.uploads: set[object] = set()
        """Those that wait for their body just now (`common.serving.slow_clients`): never more than `most_waiting`."""
        self.readers: set[object] = set()
        """Those that wait for their client to read the answer: the same."""
        self.body_bytes = 0
        """Of all bodies that are being received, those that wait and those that do not."""
        self.oauth_paths = frozenset(oauth_paths(routes))
        """Of the routes whose refusals are those of OAuth, also when `common.serving.http_limits` refuses."""
        self._vital = lines_of(routes, Priority.VITAL)
        self._lists = lines_of(routes, Priority.LISTS)
        self._now = now
        self._told_at, self._told = -TELL_EVERY, 0

    @property
    def under_way(self) -> int:
        return len(self.tasks) - len(self.uploads) - len(self.readers)

    def admits(self, scope: Mapping[str, Any]) -> bool:
        """Whether to begin this request. Each one asks, so it is cheap where there is room: 0.2 us."""
        under_way = len(self.tasks) - len(self.uploads) - len(self.readers)
        if under_way < self.open_to_all or scope["path"] in QUIET:
            return True
        if under_way < self.limits[self.priority_of(scope)]:
            return True
        self.refuse(scope)
        return False

    def takes(self, received: int, body: int) -> bool:
        """Whether to go on with a body of which `received` bytes more have come, and `body` by now."""
        self.body_bytes += received
        return self.body_bytes <= MOST_BODIES or body <= SMALL_BODY

    def refuse(self, scope: Mapping[str, Any]) -> None:
        """Count a refusal, and tell of it now and then."""
        self.refused[self.priority_of(scope)] += 1
        now = self._now()
        if now - self._told_at >= TELL_EVERY:
            total = sum(self.refused.values())
            log.warning("more requests than can be served", refused=total - self._told, under_way=self.under_way)
            self._told_at, self._told = now, total

    def priority_of(self, scope: Mapping[str, Any]) -> Priority:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        line = f"{method} {scope['path']}"
        if self._vital.fullmatch(line):
            return Priority.VITAL
        return Priority.LISTS if self._lists.fullmatch(line) else Priority.ORDINARY


def oauth_paths(routes: Sequence[BaseRoute]) -> Iterator[str]:
    for context in iter_route_contexts(routes):
        if isinstance(context.original_route, ServiceRoute) and context.original_route.oauth:
            yield context.path_format or ""


def lines_of(routes: Sequence[BaseRoute], priority: Priority) -> re.Pattern[str]:
    """Matches `GET /posts/7/comments`, for all routes of one priority."""
    lines = []
    for context in iter_route_contexts(routes):
        if isinstance(context.original_route, ServiceRoute) and context.original_route.priority is priority:
            path = "[^/]+".join(re.escape(part) for part in PARAMETER.split(context.path_format or ""))
            lines.append(f"(?:{'|'.join(sorted(context.methods or ()))}) {path}")
    return re.compile("|".join(lines) if lines else r"(?!)")
