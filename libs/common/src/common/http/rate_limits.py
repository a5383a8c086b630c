"""How often somebody may ask, counted in this process: the general limit of all routes, and those that a route names.

Fixed windows that begin with a source's first request. Not the `limits` package: its memory storage looks through all
keys at every hit (18 ms at 100,000 keys, so a flood of addresses would stop the service) and has no bound. Here a
hit costs a microsecond however many keys there are, and at most `MAX_SOURCES` are kept: the oldest window is forgotten
first. Replicas count each for themselves.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address
from typing import Annotated, Any, ClassVar, Final

from fastapi import Depends, Request, Response

from common.errors import TooManyRequests, Unauthenticated
from common.http.deps import authenticate

MAX_SOURCES: Final = 80_000  # in 18 MiB for each quota
GENERAL: Final = "general"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RateLimited(TooManyRequests):
    """Too many requests from one person or address."""

    code = "rate-limited"


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests per window."""

    requests: int
    window: timedelta


@dataclass(slots=True)
class Window:
    """What one source has used of its quota."""

    ends_at: float
    used: int = 0


class Counter:
    """Windows of one quota by source. As all are of one length, the order of their making is that of their ends."""

    def __init__(self, quota: Quota, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = quota.requests
        self.seconds = quota.window.total_seconds()
        self._now = now
        self._windows: OrderedDict[str, Window] = OrderedDict()  # a dict finds its oldest key ever more slowly

    def __len__(self) -> int:
        return len(self._windows)

    def hit(self, source: str) -> tuple[int, int]:
        """Count a request. Returns how many are left, below zero when it is one too many, and seconds to the end."""
        now = self._now()
        window = self._windows.get(source)
        if window is None or window.ends_at <= now:
            window = self._open(source, now)
        window.used += 1
        return self.limit - window.used, round(window.ends_at - now + 0.499)

    def _open(self, source: str, now: float) -> Window:
        self._windows.pop(source, None)
        for _ in range(2):  # one is added and up to two leave: what is over goes away by itself, a little at a time
            oldest = next(iter(self._windows), None)
            if oldest is not None and (len(self._windows) >= MAX_SOURCES or self._windows[oldest].ends_at <= now):
                del self._windows[oldest]
        window = self._windows[source] = Window(now + self.seconds)
        return window


class RateLimits:
    """A service's quotas by name. Switched off, it counts nothing."""

    header: ClassVar[str] = "rate_limit"

    def __init__(self, quotas: Mapping[str, Quota], *, on: bool) -> None:
        self.on = on
        self._counters = {name: Counter(quota) for name, quota in quotas.items()}

    def hit(self, request: Request, name: str, source: str) -> None:
        """Count a request against a quota, and say in its answer what is left (draft-ietf-httpapi-ratelimit-headers).

        Raises:
            RateLimited: nothing was left.
        """
        if not self.on:
            return
        counter = self._counters[name]
        left, seconds = counter.hit(source)
        policies, limits = request.scope["state"].setdefault(self.header, ([], []))
        policies.append(f'"{name}";q={counter.limit};w={counter.seconds:.0f}')
        limits.append(f'"{name}";r={max(left, 0)};t={seconds}')
        if left < 0:
            raise RateLimited("Too many requests; try again later.", retry_after=timedelta(seconds=seconds))


def headers(state: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The headers of a request's answer, from what was counted for it."""
    counted = state.get(RateLimits.header)
    if counted is None:
        return []
    policies, limits = counted
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(limits).encode())]


def source_of(request: Request) -> str:
    """The address that asks; of IPv6 the network of 64 bits, since that is what a single subscriber has."""
    address: str = request.scope["state"]["client_ip"]
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or f"{int(parsed) >> 64:x}/64")


def with_rate_limit(handle: Handler, *, knows_people: bool) -> Handler:
    """Count a request against the general quota: its person's, or its address's. Before anything is read or asked."""

    async def handle_limited(request: Request) -> Response:
        limits: RateLimits = request.app.state.rate_limits
        if limits.on:
            source = source_of(request)
            refused: Unauthenticated | None = None
            if knows_people:
                try:
                    principal = await authenticate(request)
                except Unauthenticated as error:  # guessing tokens is counted as well
                    refused = error
                else:
                    source = principal.subject if principal else source
            limits.hit(request, GENERAL, source)
            if refused is not None:
                raise refused
        return await handle(request)

    return handle_limited


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """The quotas that a route names, for the address that asks or for whom the route says."""

    limits: RateLimits
    request: Request

    def hit(self, name: str, source: str | None = None) -> None:
        """Raises RateLimited."""
        self.limits.hit(self.request, name, source or source_of(self.request))


async def get_source_limits(request: Request) -> SourceLimits:
    return SourceLimits(request.app.state.rate_limits, request)


Limits = Annotated[SourceLimits, Depends(get_source_limits)]
