"""Rate limits counted for all processes together, in Valkey or Redis (RATE_LIMIT_STORE; docs/adr/0011).

A process has one connection. Hits that arrive while a round trip is under way share the next one, so under load a hit
takes a third of the processor time. The store counts by its own clock, and its keys expire.
"""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from itertools import repeat
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from valkey.asyncio import Connection, SSLConnection
from valkey.exceptions import ConnectionError as Disconnected
from valkey.exceptions import ResponseError, ValkeyError

from common.calls.breaker import Breaker
from common.http.rate_limits import Hits, StoreUnavailable
from common.settings import AppSettings
from common.url_types import SECURE_STORES, STORE_PORT

TRIP: Final = 0.1
"""Seconds for a round trip, with connecting. So a hit waits for two of them at most: the one under way, and its own."""
COUNT: Final = """
local hits = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {hits, left}
"""
"""Counts a hit. Returns the hits in the window, and the milliseconds to its end."""
PRODUCT: Final = "trivium"
Hit = tuple[str, int, "asyncio.Future[Hits | None]"]
"""Its key, the window in milliseconds, and where the result goes: None if the store does not answer."""


class RateLimitStore:
    """The counters of one service in the store. Nothing connects before the first hit."""

    def __init__(self, connection: Connection, service: str, *, secret: bytes, breaker: Breaker) -> None:
        self.breaker = breaker
        self.failures = 0
        """Round trips without an answer, for the metrics."""
        self._connection = connection
        self._service = service
        self._secret = secret
        self._waiting: list[Hit] = []
        self._trip: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, settings: AppSettings, service: str) -> "RateLimitStore":
        """The store that `settings.rate_limit_store` names."""
        address = urlsplit(settings.rate_limit_store or "")
        given = settings.rate_limit_store_password
        password = given.get_secret_value() if given else ""
        options: dict[str, Any] = {
            "host": address.hostname,
            "port": address.port or STORE_PORT,
            "db": int(address.path.strip("/") or 0),
            "username": unquote(address.username) if address.username else None,
            "password": password or None,
            "socket_timeout": None,  # a trip has its own
            "lib_name": None,  # else each connection tells it, by a command that a restricted user may lack
            "lib_version": None,
        }
        if address.scheme in SECURE_STORES:  # by default the client accepts the valid certificate of any host
            connection: Connection = SSLConnection(ssl_check_hostname=True, **options)
        else:
            connection = Connection(**options)
        breaker = Breaker(
            "rate-limit-store",
            failures=settings.breaker_failures,
            window=settings.breaker_window,
            pause=settings.breaker_pause,
        )
        secret = hashlib.blake2b(password.encode(), person=b"rate limits").digest()
        return cls(connection, service, secret=secret, breaker=breaker)

    async def hit(self, quota: str, source: str, seconds: float) -> Hits:
        """Count a request in the source's window, which begins with its first request.

        Raises:
            StoreUnavailable: the store does not answer in time, or refuses.
        """
        if not self.breaker.admit():
            raise StoreUnavailable
        result: asyncio.Future[Hits | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.key(quota, source), round(seconds * 1000), result))
        if self._trip is None:
            self._trip = asyncio.create_task(self._make_trip())
        found = await result
        if found is None:
            raise StoreUnavailable
        return found

    async def close(self) -> None:
        """End it with the app, whose requests have ended."""
        if self._trip is not None:
            self._trip.cancel()
        await self._connection.disconnect()

    def key(self, quota: str, source: str) -> str:
        """`trivium:auth:sign-in:<hash>`: of bounded length, and an address in it is not in the clear."""
        digest = hashlib.blake2b(source.encode(), key=self._secret, digest_size=15).digest()
        return f"{PRODUCT}:{self._service}:{quota}:{urlsafe_b64encode(digest).decode()}"

    async def _make_trip(self) -> None:
        """Send all waiting hits, and then those that have come meanwhile."""
        hits, self._waiting = self._waiting, []
        found: list[Hits] | None = None
        try:
            async with asyncio.timeout(TRIP):
                found = await self._count(hits)
        except (ValkeyError, OSError) as error:
            self.failures += 1
            self.breaker.failed(cause=repr(error)[:200])
        else:
            self.breaker.succeeded()
        finally:
            for (_, _, result), one in zip(hits, found or repeat(None), strict=False):
                if not result.done():  # its request was cancelled
                    result.set_result(one)
            self._trip = asyncio.create_task(self._make_trip()) if self._waiting else None

    async def _count(self, hits: list[Hit]) -> list[Hits]:
        if self._connection.is_connected:
            try:
                return await self._exchange(hits)
            except Disconnected:  # an idle connection was closed; at worst these hits count twice
                pass
        await self._connection.connect()  # type: ignore[no-untyped-call]  # as it is written there
        return await self._exchange(hits)

    async def _exchange(self, hits: list[Hit]) -> list[Hits]:
        connection = self._connection
        commands = [("EVAL", COUNT, 1, key, milliseconds) for key, milliseconds, _ in hits]
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        answers: list[Any] = []
        for _ in hits:
            try:
                answers.append(await connection.read_response())
            except ResponseError as error:
                answers.append(error)  # of one hit; the answers to the others follow
        return [counted(answer) for answer in answers]


def counted(answer: Any) -> Hits:
    """Raises ValkeyError: the store refused the hit, or is something else than a store."""
    if isinstance(answer, Exception):
        raise answer
    if not isinstance(answer, list) or [type(part) for part in answer] != [int, int]:
        raise ValkeyError("the answer is no count")
    hits, milliseconds = answer
    return hits, max(1, -(-milliseconds // 1000))
