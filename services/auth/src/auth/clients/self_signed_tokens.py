"""The tokens with which auth calls the other services; it signs them itself."""

from collections.abc import Callable
from typing import Final

from auth.services.sessions.access_tokens import AccessTokens
from common.tokens.claims import KeysUnavailable
from common.tokens.service_tokens import NoToken

CLIENT_ID: Final = "svc:auth"
RENEW_AFTER: Final = 0.8


class SelfSignedTokens:
    """`TokenSource` of auth: one token per audience for most of its life.

    `clock` is the database's, as for people's tokens. With a wrong process clock, no service would accept auth's
    events.
    """

    def __init__(self, access: AccessTokens, clock: Callable[[], float]) -> None:
        self._access = access
        self._clock = clock
        self._minted: dict[str, tuple[str, float]] = {}

    async def token_for(self, audience: str) -> str:
        """A token that `audience` accepts.

        Raises:
            NoToken: the signing keys are not loaded yet.
        """
        now = self._clock()
        token, renew_at = self._minted.get(audience, ("", 0.0))
        if now >= renew_at:
            try:
                token = self._access.for_service(CLIENT_ID, audience, int(now))
            except KeysUnavailable as error:
                raise NoToken(str(error)) from error
            self._minted[audience] = (token, now + self._access.expires_in * RENEW_AFTER)
        return token

    def forget(self, audience: str, token: str) -> bool:
        """A refused token may be signed with a key that is gone; the next one is signed with the current key."""
        if self._minted.get(audience, ("", 0.0))[0] == token:
            del self._minted[audience]
        return True
