"""Calls to other services: one pool, a deadline that is passed on, answers checked like any other input.

Whatever goes wrong with a peer is `PeerUnavailable`, which becomes a 503 or the caller's documented lesser answer.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar
from urllib.parse import quote

import httpx
import structlog
from pydantic import BaseModel, Field, SecretStr, ValidationError

from common.errors import DependencyUnavailable
from common.events import EventBatch, StateEvent
from common.settings import ServiceSettings

log = structlog.get_logger()

MAX_ANSWER: Final = 1024 * 1024
MAX_TOKEN: Final = 4096
CONNECT_TIMEOUT: Final = 0.5
MAX_CONNECTIONS: Final = 50
MAX_ERROR_WORDS: Final = 200
Answer = TypeVar("Answer", bound=BaseModel)
Params = Mapping[str, str | int]


class PeerUnavailable(DependencyUnavailable):
    """Another service did not answer in time, or not as agreed."""

    code = "peer-unavailable"


@asynccontextmanager
async def http_pool(
    settings: ServiceSettings, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """The one pool of outgoing connections of a process. A new client per call would cost 30 ms each.

    `transport` stands in for the network in tests.
    """
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=20, keepalive_expiry=25)
    timeout = httpx.Timeout(settings.call_deadline.total_seconds(), connect=CONNECT_TIMEOUT)
    async with httpx.AsyncClient(
        limits=limits, timeout=timeout, transport=transport, follow_redirects=False, trust_env=False
    ) as client:
        yield client


class TokenAnswer(BaseModel):
    """What auth answers, as far as it matters here."""

    access_token: str = Field(pattern=r"^[A-Za-z0-9._~+/-]+=*$", max_length=MAX_TOKEN)  # it goes into a header
    expires_in: int


class Tokens(Protocol):
    """Where a service's own tokens come from."""

    async def token_for(self, audience: str) -> str: ...

    def forget(self, audience: str) -> None: ...


class ServiceTokens:
    """This service's own tokens, one per audience, had from auth and renewed after most of their life."""

    RENEW_AFTER: Final = 0.8

    def __init__(self, http: httpx.AsyncClient, auth_url: str, client_id: str, secret: SecretStr) -> None:
        self._http = http
        self._url = f"{auth_url}/auth/token"
        # both form-encoded first: the colon of svc:users would end the name (RFC 6749, section 2.3.1)
        self._credentials = httpx.BasicAuth(quote(client_id, safe=""), quote(secret.get_secret_value(), safe=""))
        self._tokens: dict[str, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def token_for(self, audience: str) -> str:
        """A token that `audience` accepts.

        Raises:
            httpx.HTTPError, ValueError: auth did not give one.
        """
        token = self._current(audience)
        if token is None:
            async with self._asking:
                token = self._current(audience) or await self._ask(audience)
        return token

    def forget(self, audience: str) -> None:
        """After a refusal: perhaps the keys were changed."""
        self._tokens.pop(audience, None)

    def _current(self, audience: str) -> str | None:
        token, renew_at = self._tokens.get(audience, ("", 0.0))
        return token if time.monotonic() < renew_at else None

    async def _ask(self, audience: str) -> str:
        form = {"grant_type": "client_credentials", "audience": audience}
        async with self._http.stream("POST", self._url, data=form, auth=self._credentials) as answer:
            if answer.status_code != 200:
                raise ValueError(f"auth refused a service token: {answer.status_code}")
            parsed = TokenAnswer.model_validate_json(await read_bounded(answer))
        self._tokens[audience] = (parsed.access_token, time.monotonic() + parsed.expires_in * self.RENEW_AFTER)
        return parsed.access_token


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """Reads from one other service, signed in as this one."""

    http: httpx.AsyncClient
    tokens: Tokens
    audience: str
    base_url: str
    deadline: timedelta
    clock: Callable[[], float] = time.monotonic

    async def get(self, path: str, answer: type[Answer], params: Params | None = None) -> Answer | None:
        """What the peer answers, checked against `answer` (unknown fields ignored); None for a 404.

        Raises:
            PeerUnavailable: no good answer within the deadline, tries included.
        """
        ends_at = self.clock() + self.deadline.total_seconds()
        try:
            async with asyncio.timeout(self.deadline.total_seconds()):
                status, body = await self._twice(path, params, ends_at)
            if status == 404:
                return None
            if status != 200:
                raise PeerUnavailable(f"{self.audience} answered {status}.")
            return answer.model_validate_json(body)
        except (httpx.HTTPError, TimeoutError, ValidationError, ValueError) as error:
            log.warning("call failed", peer=self.audience, path=path, reason=repr(error)[:MAX_ERROR_WORDS])
            raise PeerUnavailable(f"The {self.audience} service does not answer just now.") from error

    async def _twice(self, path: str, params: Params | None, ends_at: float) -> tuple[int, bytes]:
        """A read may be sent again: after a connection that broke, or with a new token after a 401."""
        try:
            status, body = await self._once(path, params, ends_at)
        except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError):
            return await self._once(path, params, ends_at)
        if status == 401:
            self.tokens.forget(self.audience)
            return await self._once(path, params, ends_at)
        return status, body

    async def _once(self, path: str, params: Params | None, ends_at: float) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {await self.tokens.token_for(self.audience)}",
            "X-Deadline-Ms": str(max(1, int((ends_at - self.clock()) * 1000))),
            "X-Request-ID": structlog.contextvars.get_contextvars().get("request_id", "no-request"),
        }
        async with self.http.stream("GET", self.base_url + path, params=params, headers=headers) as answer:
            return answer.status_code, await read_bounded(answer)

    async def tell(self, events: Sequence[StateEvent]) -> int:
        """`common.relay.Target`: hand a batch of events to the peer.

        Raises:
            PeerUnavailable: no answer within the deadline.
        """
        return await self.post("/internal/events", EventBatch(events=list(events)).model_dump_json().encode())

    async def post(self, path: str, body: bytes) -> int:
        """Send JSON once; the answer's status. Raises PeerUnavailable."""
        try:
            async with asyncio.timeout(self.deadline.total_seconds()):
                headers = {"Authorization": f"Bearer {await self.tokens.token_for(self.audience)}"}
                headers["Content-Type"] = "application/json"
                answer = await self.http.post(self.base_url + path, content=body, headers=headers)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise PeerUnavailable(f"The {self.audience} service does not answer just now.") from error
        if answer.status_code == 401:
            self.tokens.forget(self.audience)
        return answer.status_code


async def read_bounded(answer: httpx.Response) -> bytes:
    """The body, unless it is longer than any of ours."""
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise ValueError("the answer is too long")
    return bytes(body)
