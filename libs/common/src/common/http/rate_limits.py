"""Rate limits: the general limit of all routes, and the limits that a route names.

Fixed windows that begin with a source's first request. They are counted in a store for all processes together, if one
is named (`common.calls.rate_limit_store`), else in this process.

In this process: not by the `limits` package, whose memory storage has no bound and scans all keys at every hit (18 ms
at 100,000 keys). So a flood of addresses would stop the service. Here a hit costs a microsecond at any number of keys.
At most `MAX_SOURCES` are kept: the oldest window is dropped first.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address
from typing import Annotated, Any, ClassVar, Final, Protocol

from fastapi import Depends, Request, Response

from common.errors import DependencyUnavailable, DomainError, TooManyRequests, Unauthenticated
from common.http.deps import Handler, authenticate

MAX_SOURCES: Final = 80_000  # in 18 MiB for each quota
GENERAL: Final = "general"
Hits = tuple[int, int]
"""Requests in a source's window, and seconds to its end."""


class RateLimited(TooManyRequests):
    """One person or address has sent too many requests."""

    code = "rate-limited"


class RateLimitsUnavailable(DependencyUnavailable):
    """Requests cannot be counted, and are refused for that (RATE_LIMIT_STORE_FAILS=closed)."""

    code = "rate-limits-unavailable"


class StoreUnavailable(Exception):
    """The store does not answer."""


class Store(Protocol):
    """Counts for all processes together."""

    async def hit(self, quota: str, source: str, seconds: float) -> Hits:
        """Count a request. Raises StoreUnavailable, within a fifth of a second."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests per window."""

    requests: int
    window: timedelta


@dataclass(slots=True)
class Window:
    """A source's use of its quota."""

    ends_at: float
    used: int = 0


class Counter:
    """Windows of one quota by source. All have one length, so their order of creation is their order of expiry."""

    def __init__(self, quota: Quota, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = quota.requests
        self.seconds = quota.window.total_seconds()
        self._now = now
        self._windows: OrderedDict[str, Window] = OrderedDict()  # a dict gets slower at finding its oldest key

    def __len__(self) -> int:
        return len(self._windows)

    def hit(self, source: str) -> Hits:
        """Count a request."""
        now = self._now()
        window = self._windows.get(source)
        if window is None or window.ends_at <= now:
            window = self._open(source, now)
        window.used += 1
        return window.used, round(window.ends_at - now + 0.499)

    def _open(self, source: str, now: float) -> Window:
        self._windows.pop(source, None)
        for _ in range(2):  # one is added and up to two are removed, so expired windows go without a cleanup
            oldest = next(iter(self._windows), None)
            if oldest is not None and (len(self._windows) >= MAX_SOURCES or self._windows[oldest].ends_at <= now):
                del self._windows[oldest]
        window = self._windows[source] = Window(now + self.seconds)
        return window


class RateLimits:
    """A service's quotas by name. Counts nothing if it is off."""

    header: ClassVar[str] = "rate_limit"

    def __init__(
        self, quotas: Mapping[str, Quota], *, on: bool, store: Store | None = None, fails_open: bool = True
    ) -> None:
        self.on = on
        self.store = store
        self.hits = {"store": 0, "process": 0, "refused": 0}
        """Of a service with a store: where requests were counted, or that they were refused (`fails_open`)."""
        self._fails_open = fails_open
        self._counters = {name: Counter(quota) for name, quota in quotas.items()}

    async def hit(self, request: Request, name: str, source: str) -> None:
        """Count a request against a quota, and add it to the answer's headers (draft-ietf-httpapi-ratelimit-headers).

        Raises:
            RateLimited: nothing was left.
            RateLimitsUnavailable: the store does not answer, and this service does without it only if it fails open.
        """
        if not self.on:
            return
        counter = self._counters[name]
        used, seconds = counter.hit(source) if self.store is None else await self._shared(self.store, name, source)
        policies, limits = request.scope["state"].setdefault(self.header, ([], []))
        policies.append(f'"{name}";q={counter.limit};w={counter.seconds:.0f}')
        limits.append(f'"{name}";r={max(counter.limit - used, 0)};t={seconds}')
        if used > counter.limit:
            raise RateLimited("Too many requests; try again later.", retry_after=timedelta(seconds=seconds))

    async def _shared(self, store: Store, name: str, source: str) -> Hits:
        counter = self._counters[name]
        try:
            found = await store.hit(name, source, counter.seconds)
        except StoreUnavailable:
            self.hits["process" if self._fails_open else "refused"] += 1
            if self._fails_open:
                return counter.hit(source)
            raise RateLimitsUnavailable("Requests cannot be counted just now; try again in a moment.") from None
        self.hits["store"] += 1
        return found


def headers(state: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The rate limit headers of an answer."""
    counted = state.get(RateLimits.header)
    if counted is None:
        return []
    policies, limits = counted
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(limits).encode())]


def source_of(request: Request) -> str:
    """The caller's address; of IPv6 the /64 network, since a single subscriber has as much."""
    address: str = request.scope["state"]["client_ip"]
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or f"{int(parsed) >> 64:x}/64")


def with_rate_limit(handle: Handler, *, knows_people: bool) -> Handler:
    """Count a request against the general quota of its person or address, before anything is read or called."""

    async def handle_limited(request: Request) -> Response:
        limits: RateLimits = request.app.state.rate_limits
        if limits.on:
            source = source_of(request)
            refused: DomainError | None = None
            if knows_people:
                try:
                    principal = await authenticate(request)
                except (Unauthenticated, TooManyRequests) as error:  # guessing tokens is counted as well
                    refused = error
                else:
                    source = principal.subject if principal else source
            await limits.hit(request, GENERAL, source)
            if refused is not None:
                raise refused
        return await handle(request)

    return handle_limited


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """A route's own quotas, for the caller's address or for a source that the route names."""

    limits: RateLimits
    request: Request

    async def hit(self, name: str, source: str | None = None) -> None:
        """Raises RateLimited, RateLimitsUnavailable."""
        await self.limits.hit(self.request, name, source or source_of(self.request))


async def get_source_limits(request: Request) -> SourceLimits:
    return SourceLimits(request.app.state.rate_limits, request)


Limits = Annotated[SourceLimits, Depends(get_source_limits)]
