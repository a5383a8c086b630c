"""Sessions of front ends: the access tokens behind their lasting tokens.

A front end sends one token for weeks, and never renews it. auth gives a short-lived access token for it, which is kept
here while it is good. So a session that was ended is refused as everywhere: the services refuse its access tokens
within seconds, and auth gives no new one. A process that forgets them, or another replica, asks auth again.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from common.tokens.claims import USER_SCOPE, InvalidToken, Principal
from conduit.clients.accounts import AuthAccounts
from conduit.services.errors import CredentialsInvalid
from conduit.services.records import OpenedSession

T = TypeVar("T")
SHAPE: Final = re.compile(r"st1\.[0-9a-f]{8}\.[0-9a-f]{32}\.[A-Za-z0-9_-]{43}")
REMEMBERED: Final = 20_000
"""Sessions, about 1 KiB each; and refused tokens."""
REFUSED_FOR: Final = 5.0
"""Seconds for which a token that auth refused is refused without asking again."""
GOOD_FOR: Final = 0.8
"""Share of an access token's life for which it is used."""
INVALID: Final = "The token is not valid."
COOL_DOWN: Final = 1.0
"""Seconds. A younger access token is not given up: a peer that refuses all of them must not cause a storm on auth."""


@dataclass(frozen=True, slots=True)
class Held:
    """A session's access token."""

    session: OpenedSession
    had_at: float
    principal: Principal

    def is_good(self, now: float) -> bool:
        return now < self.had_at + self.session.expires_in * GOOD_FOR


@dataclass(slots=True)
class Sessions:
    """Identifies callers, and keeps their access tokens. All requests with one token share one call to auth."""

    accounts: Callable[[], AuthAccounts]
    """auth, as the current request's caller."""
    now: Callable[[], float] = time.monotonic
    held: OrderedDict[str, Held] = field(default_factory=OrderedDict)
    """By the token that callers send, the oldest first."""
    refused: OrderedDict[str, float] = field(default_factory=OrderedDict)
    """Tokens that auth refused, and until when not to ask again; the oldest first."""
    asking: dict[str, asyncio.Task[Held]] = field(default_factory=dict)

    async def verify(self, token: str) -> Principal:
        """The caller of a lasting token. Raises InvalidToken, CallerThrottled, DependencyUnavailable."""
        return (await self._of(token)).principal

    async def access_token(self, token: str) -> str:
        """Raises InvalidToken, CallerThrottled, DependencyUnavailable."""
        return (await self._of(token)).session.access_token

    def keep(self, token: str, opened: OpenedSession) -> Held:
        """Keep a session that was just opened or renewed, under the token that its caller sends."""
        now = self.now()
        subject = str(opened.account_id)
        principal = Principal(subject, "conduit", USER_SCOPE, (), None, int(now), int(now) + opened.expires_in)
        make_room(self.held, token, lambda oldest: not oldest.is_good(now))
        self.held[token] = held = Held(opened, now, principal)
        return held

    def drop(self, token: str, access_token: str) -> bool:
        """Call after a refusal of this access token. Returns whether another one may help."""
        held = self.held.get(token)
        if held is not None and held.session.access_token == access_token:
            if self.now() < held.had_at + COOL_DOWN:
                return False
            del self.held[token]
        return True

    async def _of(self, token: str) -> Held:
        now = self.now()
        held = self.held.get(token)
        if held is not None and held.is_good(now):
            return held
        if not SHAPE.fullmatch(token) or now < self.refused.get(token, now):
            raise InvalidToken(INVALID)
        asking = self.asking.get(token)
        if asking is None:
            # It belongs to no request, so a cancelled one does not cancel it for the others.
            asking = self.asking[token] = asyncio.create_task(self._renew(token))
            asking.add_done_callback(lambda done: self._asked(token, done))
        return await asyncio.shield(asking)

    def _asked(self, token: str, done: asyncio.Task[Held]) -> None:
        del self.asking[token]
        if not done.cancelled():
            done.exception()  # seen, also if every request has left meanwhile

    async def _renew(self, token: str) -> Held:
        try:
            return self.keep(token, await self.accounts().renew(token))
        except CredentialsInvalid as error:
            self.held.pop(token, None)
            now = self.now()
            make_room(self.refused, token, lambda until: until <= now)
            self.refused[token] = now + REFUSED_FOR
            raise InvalidToken(INVALID) from error


def make_room(kept: OrderedDict[str, T], token: str, is_over: Callable[[T], bool]) -> None:
    """Prepare a new last entry: drop the token's old one, what is over, and the oldest if there are too many."""
    kept.pop(token, None)
    while kept and (len(kept) >= REMEMBERED or is_over(next(iter(kept.values())))):
        kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class CallerTokens:
    """`TokenSource` of one caller: the access token of their session."""

    sessions: Sessions
    token: str = field(repr=False)

    async def token_for(self, audience: str) -> str:
        return await self.sessions.access_token(self.token)

    def forget(self, audience: str, token: str) -> bool:
        return self.sessions.drop(self.token, token)
