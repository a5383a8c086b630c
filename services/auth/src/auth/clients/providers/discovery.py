"""A provider's metadata and keys: fetched when needed, kept for an hour, and used for a day if it does not answer.

A token under an unknown key lets the keys be fetched again, at most once a minute: so made-up key ids cause no load
(as in `common.tokens.jwks`).
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pydantic import BaseModel, Field, TypeAdapter

from auth.clients.providers.calls import ProviderCalls
from auth.services.providers.errors import FlowRefused, Reason
from auth.services.providers.settings import is_loopback

T = TypeVar("T")
VerifyingKey = RSAKey | ECKey | OKPKey
FRESH_FOR: Final = 3600.0
KEEP_FOR: Final = 24 * 3600.0
COOL_DOWN: Final = 60.0
RETRY_AFTER: Final = 2.0
"""Seconds between two tries to fetch what is missing or not fresh."""
MOST_KEYS: Final = 50
MIN_RSA_DIGITS: Final = 342
"""Of a modulus of 2048 bits, in base64url."""
KINDS: Final[Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
PUBLIC: Final = frozenset({"kty", "n", "e", "crv", "x", "y"})


class Metadata(BaseModel):
    """OpenID Connect Discovery, section 3; RFC 9207, section 3."""

    issuer: str
    authorization_endpoint: str = Field(max_length=2000)
    token_endpoint: str = Field(max_length=2000)
    jwks_uri: str = Field(max_length=2000)
    userinfo_endpoint: str | None = Field(default=None, max_length=2000)
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class Keys(BaseModel):
    """RFC 7517. Each key is read by itself, so that one of an unknown kind does no harm."""

    keys: list[dict[str, Any]] = Field(max_length=MOST_KEYS)


METADATA: Final = TypeAdapter(Metadata)
KEYS: Final = TypeAdapter(Keys)


class Kept(Generic[T]):
    """Something fetched, and its age. Concurrent callers share one fetch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.value: T | None = None
        self.fetching = asyncio.Lock()
        self._clock = clock
        self._fetched_at = self._tried_at = float("-inf")

    def is_fresh(self) -> bool:
        return self.value is not None and self._clock() - self._fetched_at < FRESH_FOR

    def tried_within(self, seconds: float) -> bool:
        return self._clock() - self._tried_at < seconds

    def begin(self) -> None:
        self._tried_at = self._clock()

    def put(self, value: T) -> None:
        self.value, self._fetched_at = value, self._clock()

    def usable(self) -> T | None:
        """What is kept, if it is not too old."""
        return self.value if self._clock() - self._fetched_at < KEEP_FOR else None


class Discovery:
    """One provider's metadata and keys."""

    def __init__(self, calls: ProviderCalls, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._issuer = issuer
        self._metadata: Kept[Metadata] = Kept(clock)
        self._keys: Kept[dict[str | None, VerifyingKey]] = Kept(clock)

    async def metadata(self) -> Metadata:
        """Raises FlowRefused."""
        return await self._current(self._metadata, self._load_metadata)

    async def key(self, kid: str | None) -> VerifyingKey | None:
        """The key of a token; a token without `kid` fits a set of one key. Raises FlowRefused."""
        keys = await self._current(self._keys, self._load_keys)
        if kid not in keys and not self._keys.tried_within(COOL_DOWN):
            async with self._keys.fetching:
                if not self._keys.tried_within(COOL_DOWN):
                    await self._fetch(self._keys, self._load_keys)
            keys = self._keys.value or keys
        if kid is None:
            return next(iter(keys.values())) if len(keys) == 1 else None
        return keys.get(kid)

    async def _current(self, kept: Kept[T], load: Callable[[], Any]) -> T:
        if not kept.is_fresh() and not (kept.fetching.locked() and kept.usable() is not None):
            async with kept.fetching:
                if not kept.is_fresh() and not kept.tried_within(RETRY_AFTER):
                    await self._fetch(kept, load)
        value = kept.usable()
        if value is None:
            raise FlowRefused(Reason.unavailable, "nothing is known of it yet")
        return value

    async def _fetch(self, kept: Kept[T], load: Callable[[], Any]) -> None:
        """What is kept stays in use if the provider does not answer."""
        kept.begin()
        try:
            kept.put(await load())
        except FlowRefused:
            if kept.usable() is None:
                raise
        finally:
            kept.begin()  # again: callers that waited for a silent provider must not each wait for it anew

    async def _load_metadata(self) -> Metadata:
        found = await self._calls.ask(METADATA, "GET", f"{self._issuer}/.well-known/openid-configuration")
        if found.issuer != self._issuer:
            raise FlowRefused(Reason.bad_answer, "the metadata is another issuer's")
        named = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint)
        for address in named:
            self._check(address)
        return found

    def _check(self, address: str | None) -> None:
        """Only https, but on the issuer's own machine."""
        if address is None:
            return
        try:
            parts = urlsplit(address)
            is_whole = bool(parts.hostname) and parts.port != 0  # reading the port checks it
        except ValueError:
            raise FlowRefused(Reason.bad_answer, "an endpoint is no address") from None
        is_local = parts.scheme == "http" and is_loopback(address) and self._issuer.startswith("http://")
        if not is_whole or parts.fragment or not address.isascii() or (parts.scheme != "https" and not is_local):
            raise FlowRefused(Reason.bad_answer, "an endpoint is not https")

    async def _load_keys(self) -> dict[str | None, VerifyingKey]:
        metadata = await self.metadata()
        found: dict[str | None, VerifyingKey] = {}
        for given in (await self._calls.ask(KEYS, "GET", metadata.jwks_uri)).keys:
            key = verifying(given)
            if key is not None:
                found[given.get("kid")] = key
        return found


def verifying(given: dict[str, Any]) -> VerifyingKey | None:
    """A public key for signatures; None for others, as for encryption, secret ones, or too short ones."""
    kind = KINDS.get(str(given.get("kty")))
    if kind is None or given.get("use", "sig") != "sig" or not isinstance(given.get("kid"), str | None):
        return None
    if kind is RSAKey and len(str(given.get("n"))) < MIN_RSA_DIGITS:
        return None
    try:
        return kind.import_key({name: given[name] for name in PUBLIC & given.keys()})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
