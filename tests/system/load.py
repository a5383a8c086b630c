# file: only with posts
"""Open-loop load on a stack, with the outcome of each request (docs/operations/reliability.md).

Keep-alive connections, and no hidden retries, so that every failure is counted. 60 % reads, 15 % new posts and
comments, 10 % changes (profiles, follows, likes), 10 % refreshes, 5 % sign-ins, and slow uploads beside them. RATE=30
is for a machine with other work.
"""

import asyncio
import itertools
import os
import ssl
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.system.conftest import Person
from tests.system.ledger import Ledger, Outcome
from tests.system.users import Users

RATE = float(os.environ.get("RATE", "50"))
MIX = (
    "read", "read", "create", "read", "change", "read", "read", "refresh", "read", "read",
    "read", "create", "read", "change", "sign_in", "read", "refresh", "read", "create", "read",
)  # fmt: skip
SLOW_EVERY = 0.5
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Created once, and never used: creating one takes 30 ms."""
LONGEST = 15.0
"""Seconds until a client gives up."""


@dataclass
class Load:
    """Sends requests for as long as the block runs: `async with load.on(people): …`."""

    url: str
    slow_s: float
    tls: ssl.SSLContext = NO_TLS
    outcomes: list[Outcome] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    clients: dict[int, httpx.AsyncClient] = field(default_factory=dict)

    @asynccontextmanager
    async def on(self, people: Sequence[Person]) -> AsyncIterator[Users]:
        async with AsyncExitStack() as clients:
            for person in people:
                self.clients[person.id] = await clients.enter_async_context(self.client())
            users = Users(self.clients, people, self.ledger, self.outcomes, self.slow_s, self.tls)
            sending = asyncio.create_task(self.send(users))
            try:
                yield users
            finally:
                sending.cancel()
                (stopped,) = await asyncio.gather(sending, return_exceptions=True)
                await asyncio.gather(*users.under_way, return_exceptions=True)
                if isinstance(stopped, BaseException) and not isinstance(stopped, asyncio.CancelledError):
                    users.errors.append(stopped)
                if users.errors:
                    raise BaseExceptionGroup("the load itself has failed", users.errors)

    def client(self) -> httpx.AsyncClient:
        """One client per person, as in production. A common pool would search through hundreds of connections."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60)
        return httpx.AsyncClient(base_url=self.url, timeout=LONGEST, limits=limits, trust_env=False, verify=self.tls)

    async def send(self, users: Users) -> None:
        """Send at the rate, independent of the answers' duration."""
        begun = time.monotonic()
        slow_due = begun
        for number in itertools.count():
            due = begun + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            users.begin(MIX[number % len(MIX)], number)
            if due >= slow_due:
                users.begin("slow", number)
                slow_due += SLOW_EVERY

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.reason]

    def p99(self, kinds: Sequence[str]) -> float:
        """Milliseconds, for requests of these kinds."""
        took = [outcome.seconds * 1000 for outcome in self.outcomes if outcome.kind in kinds]
        return statistics.quantiles(took, n=100)[98]

    def figures(self) -> dict[str, Any]:
        """A summary: counts and milliseconds."""
        quick = [outcome.seconds * 1000 for outcome in self.outcomes if outcome.kind != "slow"]
        cuts = statistics.quantiles(quick, n=100)
        answers = Counter(outcome.answer for outcome in self.outcomes)
        return {
            "requests": len(self.outcomes),
            "slow": len(self.outcomes) - len(quick),
            "failed": answers["fail"],
            "unknown": answers["unknown"],
            "p50_ms": round(cuts[49], 1),
            "p99_ms": round(cuts[98], 1),
            "max_ms": round(max(quick), 1),
        }
