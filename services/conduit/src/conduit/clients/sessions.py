"""Sessions of front ends: the access tokens behind their lasting tokens.

A front end sends one token for weeks, and never renews it. auth gives a short-lived access token for it, which is kept
here while it is good. So a session that was ended is refused as everywhere: the services refuse its access tokens
within seconds, and auth gives no new one. A process that forgets them, or another replica, asks auth again.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from common.tokens.claims import USER_SCOPE, InvalidToken, Principal
from conduit.clients.accounts import AuthAccounts
from conduit.services.errors import CredentialsInvalid
from conduit.services.records import OpenedSession

SHAPE: Final = re.compile(r"st1\.[0-9a-f]{8}\.[0-9a-f]{32}\.[A-Za-z0-9_-]{43}")
REMEMBERED: Final = 20_000
"""Sessions: about 1 KiB each."""
GOOD_FOR: Final = 0.8
"""Share of an access token's life for which it is used."""
COOL_DOWN: Final = 1.0
"""Seconds. A younger access token is not given up: a peer that refuses all of them must not cause a storm on auth."""


@dataclass(frozen=True, slots=True)
class Held:
    """A session's access token."""

    session: OpenedSession
    had_at: float
    principal: Principal


@dataclass(slots=True)
class Sessions:
    """Identifies callers, and keeps their access tokens."""

    accounts: AuthAccounts
    now: Callable[[], float] = time.monotonic
    held: OrderedDict[str, Held] = field(default_factory=OrderedDict)

    async def verify(self, token: str) -> Principal:
        """The caller of a lasting token. Raises InvalidToken, DependencyUnavailable."""
        return (await self._of(token)).principal

    async def access_token(self, token: str) -> str:
        """Raises InvalidToken, DependencyUnavailable."""
        return (await self._of(token)).session.access_token

    def keep(self, opened: OpenedSession) -> Held:
        """Keep a session that was just opened or renewed."""
        now = self.now()
        subject = str(opened.account_id)
        principal = Principal(subject, "conduit", USER_SCOPE, (), None, int(now), int(now) + opened.expires_in)
        if len(self.held) >= REMEMBERED:
            self.held.popitem(last=False)  # the oldest; it is only a cache
        self.held[opened.token] = held = Held(opened, now, principal)
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
        held = self.held.get(token)
        if held is not None and self.now() < held.had_at + held.session.expires_in * GOOD_FOR:
            return held
        if not SHAPE.fullmatch(token):
            raise InvalidToken("The token is not valid.")
        try:
            return self.keep(await self.accounts.renew(token))
        except CredentialsInvalid as error:
            self.held.pop(token, None)
            raise InvalidToken("The token is not valid.") from error


@dataclass(frozen=True, slots=True)
class CallerTokens:
    """`TokenSource` of one caller: the access token of their session."""

    sessions: Sessions
    token: str = field(repr=False)

    async def token_for(self, audience: str) -> str:
        return await self.sessions.access_token(self.token)

    def forget(self, audience: str, token: str) -> bool:
        return self.sessions.drop(self.token, token)
