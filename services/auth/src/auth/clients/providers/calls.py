"""One call to a provider: a deadline, a bounded answer, no redirects, a circuit breaker, and a schema check."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from auth.services.providers.errors import FlowRefused, Reason
from common.calls.breaker import Breaker
from common.tokens.replies import NO_REPLY, Http, Reply, fetch

T = TypeVar("T")
MAX_BYTES: Final = 128 * 1024
"""The keys of large providers with their certificates have 30 KiB."""
DEADLINE: Final = 5.0
AT_ONCE: Final = 8
"""Calls to one provider; the connections are shared with those to the other services."""


class OAuthError(BaseModel):
    """RFC 6749, section 5.2."""

    error: str = ""


def breaker_of(name: str) -> Breaker:
    return Breaker(name, failures=5, window=timedelta(seconds=10), pause=timedelta(seconds=5))


@dataclass(slots=True)
class ProviderCalls:
    """Calls to one provider."""

    http: Http
    breaker: Breaker
    deadline: float = DEADLINE
    running: int = field(default=0, init=False)

    async def ask(self, shape: TypeAdapter[T], method: str, url: str, **options: Any) -> T:
        """The answer's JSON, checked. Raises FlowRefused."""
        reply = await self._reply(method, url, **options)
        if 400 <= reply.status < 500:
            raise FlowRefused(Reason.refused, f"{reply.status} {said(reply)}")
        if reply.status != 200:  # redirects are not followed
            raise FlowRefused(Reason.bad_answer, f"status {reply.status}")
        try:
            return shape.validate_json(reply.body)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, item["loc"])) or item["type"] for item in error.errors()[:5])
            raise FlowRefused(Reason.bad_answer, f"not as its standard says: {wrong}") from None

    async def _reply(self, method: str, url: str, **options: Any) -> Reply:
        if self.running >= AT_ONCE or not self.breaker.admit():
            raise FlowRefused(Reason.unavailable, "calls are paused")
        self.running += 1
        try:
            async with asyncio.timeout(self.deadline):
                reply = await fetch(
                    self.http,
                    method,
                    url,
                    is_ours=False,
                    max_bytes=MAX_BYTES,
                    timeouts=httpx.Timeout(self.deadline),
                    **options,
                )
        except (*NO_REPLY, TimeoutError) as error:
            self.breaker.failed()
            raise FlowRefused(Reason.unavailable, repr(error)[:200]) from error
        finally:
            self.running -= 1
        if reply.status >= 500:
            self.breaker.failed()
            raise FlowRefused(Reason.unavailable, f"status {reply.status}")
        self.breaker.succeeded()
        return reply


ERROR: Final = TypeAdapter(OAuthError)


def said(reply: Reply) -> str:
    """The error that an answer names, in bounded ASCII: it goes into the log."""
    try:
        error = ERROR.validate_json(reply.body).error
    except ValidationError:
        return ""
    return error[:60] if error.isascii() and error.isprintable() else ""
