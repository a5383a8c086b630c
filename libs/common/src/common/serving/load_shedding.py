"""Load shedding: which requests start under overload, and which are refused at once (R-17 to R-19).

The limit is on running requests in one process. They share its processor, so the limit bounds how long each waits. For
example, 60 requests of 1 to 5 ms are answered within 60 to 300 ms, however many others arrive. Under overload, lists
and searches are refused first, and requests that others depend on last (`Priority`). `common.serving.http_limits` asks
here when a request's head has arrived, before anything is read or created for it.

No adaptive limit (Netflix' concurrency-limits, Envoy's): it would measure what is known here, the number of database
connections. Nor uvicorn's `limit_concurrency`, which counts idle connections.
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
"""By priority: the share of the limit up to which a request is still started."""
PARAMETER: Final = re.compile(r"\{[^}]*\}")
PLAIN: Final = re.compile(
    rb"(GET|HEAD) (/[!$&-;=@-Z_a-z~]*+)(?:\?[!-~]*+)? HTTP/1\.1\r\n"
    rb"(?:(?!(?i:connection|content-length|expect|origin|proxy-connection|transfer-encoding|upgrade):)"
    rb"[\w-]++:[ -~]*+\r\n)*+\r\n"
)
"""A whole head after which a request surely ends, and whose connection stays open. All others are parsed."""
MAX_PLAIN: Final = 4096
"""Bytes of such a head."""
WAITING: Final = 4
"""Times the limit: so many requests may wait for their body, and so many for their reader, without counting."""
MOST_BODIES: Final = 64 * 1024 * 1024
"""Most bytes of bodies that are being received, in total: a process has 300 MiB (deploy)."""
SMALL_BODY: Final = 64 * 1024
"""Bytes that a body may always have, however many others there are."""
TELL_EVERY: Final = 1.0
"""Seconds between log lines. At ten times the load, a line per refusal would be load itself."""


class LoadShedder:
    """The limit of one process. Health checks are always admitted."""

    def __init__(self, routes: Sequence[BaseRoute], most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """`most` is the limit of ordinary requests. `routes` give each request's priority."""
        self.limits = {priority: int(most * share) for priority, share in SHARES.items()}
        self.open_to_all = self.limits[Priority.LISTS]
        self.refused: dict[str, int] = dict.fromkeys(Priority, 0)
        """Number of refusals, for the metrics."""
        self.tasks: Sized = ()
        """The server's tasks, one per request whose answer is not complete. A count of our own could drift."""
        self.most_waiting = WAITING * most
        self.uploads: set[object] = set()
        """Requests that wait for their body now (`common.serving.slow_clients`): never more than `most_waiting`."""
        self.readers: set[object] = set()
        """Requests that wait for their client to read the answer: the same."""
        self.queued: Sized = ()
        """Requests that wait in a bounded queue of the service's own, and hold no connection (`Parts.queued`)."""
        self.body_bytes = 0
        """Bytes of all bodies that are being received, waiting or not."""
        self.oauth_paths = frozenset(oauth_paths(routes))
        """Paths of OAuth routes, so that `common.serving.http_limits` refuses in the same form."""
        self._vital = lines_of(routes, Priority.VITAL)
        self._lists = lines_of(routes, Priority.LISTS)
        self._now = now
        self._told_at, self._told = -TELL_EVERY, 0

    @property
    def is_busy(self) -> bool:
        """Whether some requests are refused now."""
        return self.under_way >= self.open_to_all

    @property
    def under_way(self) -> int:
        """The requests that count: those that wait for nothing but the processor and the database."""
        return len(self.tasks) - len(self.uploads) - len(self.readers) - len(self.queued)

    def admits(self, scope: Mapping[str, Any]) -> bool:
        """Whether to start this request. Every request calls it, so it is cheap while there is room."""
        under_way = self.under_way
        if under_way < self.open_to_all or scope["path"] in QUIET:
            return True
        priority = self.priority_of(scope)
        if under_way < self.limits[priority]:
            return True
        self._refuse(priority)
        return False

    def takes(self, received: int, body: int) -> bool:
        """Whether to go on with a body: `received` more bytes have arrived, `body` in all."""
        self.body_bytes += received
        return self.body_bytes <= MOST_BODIES or body <= SMALL_BODY

    def refuse(self, scope: Mapping[str, Any]) -> None:
        """Count a refusal, and log it now and then."""
        self._refuse(self.priority_of(scope))

    def _refuse(self, priority: Priority) -> None:
        self.refused[priority] += 1
        now = self._now()
        if now - self._told_at >= TELL_EVERY:
            total = sum(self.refused.values())
            log.warning("overloaded: requests refused", refused=total - self._told, under_way=self.under_way)
            self._told_at, self._told = now, total

    def priority_of(self, scope: Mapping[str, Any]) -> Priority:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        line = f"{method} {scope['path']}"
        if self._vital.fullmatch(line):
            return Priority.VITAL
        return Priority.LISTS if self._lists.fullmatch(line) else Priority.ORDINARY


def plain_request(data: bytes) -> dict[str, Any] | None:
    """Method and path, as in ASGI's scope, if the bytes are one plain request; else None."""
    found = PLAIN.fullmatch(data) if len(data) <= MAX_PLAIN else None
    return found and {"method": found[1].decode(), "path": found[2].decode()}


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
