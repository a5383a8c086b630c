"""Exchanging an API key for an access token (RFC 8693). The other services know only the token."""

from dataclasses import dataclass, field
from typing import Final

import structlog

from auth.services.api_keys.errors import InvalidSubjectToken, InvalidTarget
from auth.services.api_keys.key_text import is_well_formed
from auth.services.errors import InvalidScope, OAuthRefusal
from auth.services.ports import UnitOfWork
from auth.services.records import Device, Tokens
from auth.services.secret_hashes import hash_secret
from auth.services.sessions.access_tokens import AccessTokens
from common.ports import Transactions
from common.services import AUDIENCES

log = structlog.get_logger()

GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  # a name
API_KEY: Final = "urn:trivium:token-type:api-key"
"""The `subject_token_type` of keys: none of those in RFC 8693, section 3, fits."""
NOT_VALID: Final = "The API key is not valid: unknown, revoked or expired."


@dataclass(frozen=True, slots=True)
class Exchange:
    """The parameters of a request (RFC 8693, section 2.1)."""

    subject_token: str | None = field(repr=False)
    subject_token_type: str | None
    requested_token_type: str | None = None
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None
    has_actor: bool = False


@dataclass(frozen=True, slots=True)
class KeyExchange:
    """Makes access tokens for keys."""

    transactions: Transactions[UnitOfWork]
    access: AccessTokens

    async def exchange(self, request: Exchange, device: Device) -> Tokens:
        """An access token with the key's scopes, or those of them that were asked for. It expires with the key.

        Nothing is locked: a token that is issued while its key is being revoked is refused like the earlier ones,
        since the revocation names the key (`services.api_keys.revocation`).

        Raises:
            OAuthRefusal: a parameter is missing, or asks for what there is not.
            InvalidTarget: no such service.
            InvalidSubjectToken: the key is not valid, for whatever reason.
            InvalidScope: the key has not all these scopes.
        """
        text = self._key_of(request)
        audiences = self._audiences(request)
        async with self.transactions() as work:
            key = await work.api_keys.usable(hash_secret(text))
            if key is not None and not key.noted:
                await work.api_keys.note_use(key.id)
        if key is None:
            log.warning("API key refused", ip=device.ip)
            raise InvalidSubjectToken(NOT_VALID)
        wanted = sorted(set((request.scope or "").split())) or key.scopes
        if not set(wanted) <= set(key.scopes):
            raise InvalidScope("The key does not have all these scopes.")
        token, expires_in = self.access.for_key(key, wanted, audiences)
        return Tokens(access_token=token, expires_in=expires_in, scope=" ".join(wanted))

    def _key_of(self, request: Exchange) -> str:
        if not request.subject_token or request.subject_token_type != API_KEY:
            raise OAuthRefusal(f"subject_token is needed, with {API_KEY} as subject_token_type.")
        if request.requested_token_type not in (None, "", ACCESS_TOKEN):
            raise OAuthRefusal(f"requested_token_type can only be {ACCESS_TOKEN}.")
        if request.has_actor:
            raise OAuthRefusal("There is no delegation, so no actor_token.")
        if not is_well_formed(request.subject_token):
            raise InvalidSubjectToken(NOT_VALID)
        return request.subject_token

    def _audiences(self, request: Exchange) -> list[str]:
        """The services at which the token is valid: all, or the one that was named."""
        if request.resource and request.resource.rstrip("/") != self.access.issuer.rstrip("/"):
            raise InvalidTarget("resource can only be this site's address.")
        if request.audience and request.audience not in AUDIENCES:
            raise InvalidTarget("audience can only be the name of a service.")
        return [request.audience] if request.audience else list(AUDIENCES)
