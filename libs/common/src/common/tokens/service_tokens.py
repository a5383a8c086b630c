"""Credentials for calls between services: short-lived tokens from auth, one per audience (S-28)."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol
from urllib.parse import quote

import structlog
from pydantic import BaseModel, Field, SecretStr

from common import deadlines
from common.tokens.replies import NO_REPLY, Http, fetch

log = structlog.get_logger()

RENEW_AFTER: Final = 0.8
GOOD_FOR: Final = 0.97
"""Shares of a token's life: when a new one is fetched in the background, and until when the old one may be used."""
COOL_DOWN: Final = 1.0
"""Seconds between two requests to an auth that fails; younger tokens are not given up either."""
MAX_BYTES: Final = 16 * 1024


class NoToken(Exception):
    """There is no token for this audience now."""


class TokenSource(Protocol):
    """Provides a service's own tokens."""

    async def token_for(self, audience: str) -> str | None:
        """A token that `audience` accepts; None to call without one. Raises NoToken."""

    def forget(self, audience: str, token: str) -> bool:
        """Call after a refusal of this token. Returns whether a retry with another token makes sense."""


class TokenAnswer(BaseModel):
    """The used part of auth's answer."""

    access_token: str = Field(pattern=r"^[A-Za-z0-9._~+/-]+=*$", max_length=4096)  # it goes into a header
    expires_in: int = Field(gt=0, le=3600)


@dataclass(frozen=True, slots=True)
class CachedToken:
    """A token, and the time of its request by the clock of `ServiceTokens`."""

    token: str = field(repr=False)
    had_at: float
    lives: float

    def younger_than(self, share: float, now: float) -> bool:
        return now < self.had_at + self.lives * share


class ServiceTokens:
    """This service's own tokens, fetched from auth.

    All calls that need a token share one request to auth. It belongs to none of them, so a cancelled caller does not
    cancel it for the others. Tokens are renewed in the background: an auth that is down for a minute is not noticed.
    """

    def __init__(
        self,
        http: Http,
        auth_url: str,
        client_id: str,
        secret: SecretStr,
        *,
        deadline: timedelta = timedelta(seconds=2),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._url = f"{auth_url}/auth/token"
        # Both form-encoded first: the colon of svc:users would end the name (RFC 6749, section 2.3.1).
        credentials = f"{quote(client_id, safe='')}:{quote(secret.get_secret_value(), safe='')}"
        self._authorization = f"Basic {b64encode(credentials.encode()).decode()}"
        self._deadline = deadline.total_seconds()
        self._clock = clock
        self._held: dict[str, CachedToken] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._failed_at: dict[str, float] = {}

    async def token_for(self, audience: str) -> str:
        """A token that `audience` accepts; requests one only if no valid one is cached.

        Raises:
            NoToken: auth gave none, now or within the last second.
        """
        held = self._held.get(audience)
        if held is None or not held.younger_than(RENEW_AFTER, self._clock()):
            asking = self._ask(audience)
            if asking and (held is None or not held.younger_than(GOOD_FOR, self._clock())):
                await asyncio.shield(asking)
            held = self._held.get(audience)
            if held is None or not held.younger_than(GOOD_FOR, self._clock()):
                raise NoToken(f"auth gave no token for {audience}")
        return held.token

    def forget(self, audience: str, token: str) -> bool:
        """auth's keys may have changed, so the token is dropped. A new token would only be refused again, so it is
        kept: a peer that refuses every token must not cause a storm on auth.
        """
        held = self._held.get(audience)
        if held is not None and held.token == token:
            if self._clock() < held.had_at + COOL_DOWN:
                return False
            del self._held[audience]
        return True

    def _ask(self, audience: str) -> asyncio.Task[None] | None:
        """The running request, or a new one; None for a moment after a failure."""
        asking = self._asking.get(audience)
        if asking is None and self._clock() >= self._failed_at.get(audience, float("-inf")) + COOL_DOWN:
            asking = self._asking[audience] = asyncio.create_task(self._renew(audience))
            asking.add_done_callback(lambda _: self._asking.pop(audience))
        return asking

    async def _renew(self, audience: str) -> None:
        asked_at = self._clock()
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._fetch(audience)
        except (*NO_REPLY, TimeoutError) as error:
            self._failed_at[audience] = self._clock()
            log.warning("no service token", audience=audience, reason=type(error).__name__)
            return
        self._held[audience] = CachedToken(answer.access_token, asked_at, answer.expires_in)

    async def _fetch(self, audience: str) -> TokenAnswer:
        reply = await fetch(
            self._http,
            "POST",
            self._url,
            is_ours=True,
            data={"grant_type": "client_credentials", "audience": audience},
            headers={
                "Authorization": self._authorization,
                deadlines.HEADER: str(int(self._deadline * 1000)),
            },
            max_bytes=MAX_BYTES,
        )
        if reply.status != 200:
            raise ValueError(f"status {reply.status}")
        return TokenAnswer.model_validate_json(reply.body)
