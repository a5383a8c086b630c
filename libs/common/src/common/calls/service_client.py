"""Calls to other services: one pool, a deadline that is passed on, answers validated like any other input.

Every failure of a peer is `PeerUnavailable`. It becomes a 503, or the caller's documented reduced answer.
The deadline protects our own caller, the slots protect our other peers, and the breaker saves both sides useless
waiting. The retry budget protects a peer in trouble. The limits are settings (`common.settings`, "calls").
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, TypeVar

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from common import deadlines
from common.calls.breaker import Breaker, RetryBudget
from common.calls.refusals import reason_of
from common.errors import DependencyUnavailable
from common.http.bodies import MAX_BODY
from common.logs import request_context
from common.settings import AppSettings
from common.state_events import Delivery, EventBatch, StateEvent
from common.tokens.replies import NO_REPLY, Http, Reply, fetch
from common.tokens.service_tokens import NoToken, TokenSource

log = structlog.get_logger()

MAX_WORDS: Final = 200
MAX_PAUSE: Final = 0.1
"""Seconds. Retries are spread over this time at random ("full jitter"), so that they do not come as one wave."""
FAIR_SHARE: Final = 0.5
"""Share of the full deadline. A timeout counts as the peer's failure only if it had this much time."""
TOO_LARGE: Final = 413
IDEMPOTENT: Final = frozenset({"GET", "PUT", "DELETE"})
BROKEN: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
Answer = TypeVar("Answer", bound=BaseModel)
Params = Mapping[str, str | int]


class PeerUnavailable(DependencyUnavailable):
    """Another service did not answer in time, or not as agreed."""

    code = "peer-unavailable"


@dataclass(frozen=True, slots=True)
class Call:
    """One request with all its retries."""

    method: str
    path: str
    limit: asyncio.Timeout
    params: Params | None = None
    content: bytes | None = None

    def seconds_left(self) -> float:
        return (self.limit.when() or 0.0) - asyncio.get_running_loop().time()

    def headers(self, token: str | None, own: Mapping[str, str]) -> dict[str, str]:
        headers = {
            **own,
            **({"Authorization": f"Bearer {token}"} if token else {}),
            deadlines.HEADER: str(max(1, int(self.seconds_left() * 1000))),
            "X-Request-ID": request_context().get("request_id", "no-request"),
        }
        return headers if self.content is None else {**headers, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """Client for one other service. One per peer and process: it holds the breaker, the retry budget and the slots."""

    http: Http
    tokens: TokenSource
    audience: str
    base_url: str
    deadline: float
    """Seconds for a call with its retries. The call gets less if the request that needs it has less left."""
    breaker: Breaker
    retries: RetryBudget
    slots: asyncio.Semaphore
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("answered", "refused", "failed"), 0))
    """Number of calls by result, for the metrics. Refused: a 4xx. Failed: a 5xx, or no answer."""
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("answered", "refused", "failed"), 0.0))
    """Total duration by result."""
    own_headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of each request: `for_caller`."""

    @classmethod
    def to(cls, audience: str, base_url: str, *, http: Http, tokens: TokenSource, settings: AppSettings) -> Self:
        """A client with the limits of the settings."""
        return cls(
            http,
            tokens,
            audience,
            base_url,
            settings.call_deadline.total_seconds(),
            Breaker(
                audience,
                failures=settings.breaker_failures,
                window=settings.breaker_window,
                pause=settings.breaker_pause,
            ),
            RetryBudget(settings.retry_share),
            asyncio.Semaphore(settings.calls_per_peer),
        )

    def for_caller(self, tokens: TokenSource, own_headers: Mapping[str, str]) -> Self:
        """The same client with a caller's own token and headers. It shares breaker, budget, slots and counts."""
        return replace(self, tokens=tokens, own_headers=own_headers)

    async def get(self, path: str, answer: type[Answer], params: Params | None = None) -> Answer | None:
        """Fetch JSON and validate it against `answer` (unknown fields are ignored). None for a 404.

        Raises:
            PeerUnavailable: no valid answer within the deadline, which includes one retry.
        """
        reply = await self._call("GET", path, tries=2, params=params)
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise self.unavailable(path, f"status {reply.status}")
        try:
            return answer.model_validate_json(reply.body)
        except ValidationError as error:
            raise self.unavailable(path, f"not as agreed: {error.error_count()} errors") from error

    async def post(self, path: str, body: bytes | Mapping[str, Any]) -> int:
        """Send JSON, as bytes or as a mapping, and return the status of the answer, whatever it is.

        Sent once, without retries: the outbox repeats events. After a 401 the next call has a new token.

        Raises:
            PeerUnavailable: no answer within the deadline. The peer may have handled the request all the same.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return (await self._call("POST", path, tries=1, content=content)).status

    async def send(
        self, method: str, path: str, *, params: Params | None = None, body: Mapping[str, Any] | None = None
    ) -> Reply:
        """Send a request and return its answer, whatever it is. Only idempotent methods are retried.

        Raises:
            PeerUnavailable: no answer within the deadline. The peer may have handled the request all the same.
        """
        content = None if body is None else json.dumps(body).encode()
        tries = 2 if method in IDEMPOTENT else 1
        return await self._call(method, path, tries=tries, params=params, content=content)

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        """`common.events.relay.Target`: send a batch of events to the peer.

        A batch over `MAX_BODY` is not sent. The peer would refuse it and close the connection early, so the answer
        could be lost. The peer would then seem to be away for as long as the event exists (R-14).

        Raises:
            PeerUnavailable: no answer within the deadline.
        """
        # No warnings about data that does not match its type: the peer refuses it.
        content = EventBatch(events=list(events)).model_dump_json(warnings=False).encode()
        if len(content) > MAX_BODY:
            return Delivery(TOO_LARGE, f"{len(content)} bytes; at most {MAX_BODY} are sent")
        reply = await self._call("POST", "/internal/events", tries=1, content=content)
        return Delivery(reply.status, reason_of(reply))

    async def _call(
        self, method: str, path: str, *, tries: int, params: Params | None = None, content: bytes | None = None
    ) -> Reply:
        outcome, started = "failed", time.monotonic()
        try:
            reply = await self._in_time(method, path, tries, params, content)
            outcome = outcome_of(reply.status)
            return reply
        finally:
            self.outcomes[outcome] += 1
            self.seconds[outcome] += time.monotonic() - started

    async def _in_time(self, method: str, path: str, tries: int, params: Params | None, content: bytes | None) -> Reply:
        seconds = deadlines.remaining(self.deadline)
        if seconds <= 0:
            raise self.unavailable(path, "no time left")
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self._try_all(Call(method, path, limit, params, content), tries)
        except (*NO_REPLY, TimeoutError, NoToken) as error:
            raise self.unavailable(path, error) from error

    async def _try_all(self, call: Call, tries: int) -> Reply:
        self.retries.earn()
        while True:
            tries -= 1
            token = await self.tokens.token_for(self.audience)
            try:
                reply = await self._try(call, token)
            except BROKEN:
                if not tries or not self._may_repeat():
                    raise
            else:
                if not self._wants_another(reply, token) or not tries:
                    return reply
                if reply.status != 401 and not self._may_repeat():
                    return reply
            await asyncio.sleep(random.uniform(0, MAX_PAUSE))  # noqa: S311  # spreads load, hides nothing

    def _may_repeat(self) -> bool:
        """Not if the breaker would refuse it: the log must name the failure, not the open breaker."""
        return self.breaker.state != "open" and self.retries.spend()

    def _wants_another(self, reply: Reply, token: str | None) -> bool:
        """Whether a retry can help: after a 401 with a new token, or after 502, 503 or 504 without `Retry-After`.

        `Retry-After` is in seconds, which is longer than we would wait.
        """
        if reply.status == 401:
            return token is not None and self.tokens.forget(self.audience, token)
        return reply.status in {502, 503, 504} and "retry-after" not in reply.headers

    async def _try(self, call: Call, token: str | None) -> Reply:
        """One exchange; reports its result to the breaker. A 4xx but 429 counts as a success: the peer is up."""
        async with self.slots:
            if not self.breaker.admit():
                raise PeerUnavailable(f"The {self.audience} service does not answer; calls to it are paused.")
            fair = call.seconds_left() >= self.deadline * FAIR_SHARE
            try:
                reply = await fetch(
                    self.http,
                    call.method,
                    self.base_url + call.path,
                    is_ours=True,
                    params=call.params,
                    content=call.content,
                    headers=call.headers(token, self.own_headers),
                )
            except asyncio.CancelledError:
                if fair and call.limit.expired():  # else our caller left, or gave the peer too little time
                    self.breaker.failed()
                raise
            except NO_REPLY:
                self.breaker.failed()
                raise
        # A limit that one caller has reached says nothing about the peer, and must not stop the calls for others.
        if reply.status >= 500 or (reply.status == 429 and not self.own_headers):
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        return reply

    def unavailable(self, path: str, reason: object) -> PeerUnavailable:
        """The error of a call that failed, which is logged with its reason."""
        log.warning("call failed", peer=self.audience, path=path, reason=str(reason)[:MAX_WORDS] or repr(reason))
        return PeerUnavailable(f"The {self.audience} service does not answer just now.")


def outcome_of(status: int) -> str:
    return "failed" if status >= 500 else "refused" if status >= 400 else "answered"
