"""The tokens of a session, and the times of their renewal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from httpx import Response

from trivium_client.calls import Call
from trivium_client.models import NewSession, RevokeForm, TokenForm, TokenResponse

RENEWAL_PATIENCE: Final = 3.0
"""Seconds for one attempt. The server accepts a repeated refresh token for ten seconds."""
KEY_PREFIX: Final = "trv_"
EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
KEY_TYPE: Final = "urn:trivium:token-type:api-key"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a signed-in client holds. The refresh token works once: store each new pair, from `on_tokens`.

    With an API key, the key takes the place of the refresh token: it never changes.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def by_key(self) -> bool:
        return self.refresh_token.startswith(KEY_PREFIX)


OnTokens = Callable[[Tokens | None], None]


def ignore(_tokens: Tokens | None) -> None:
    """Keep tokens in memory only."""


def tokens_of(answer: NewSession | TokenResponse, kept: str = "") -> Tokens:
    """`kept`: the refresh token or the API key that stays, if the answer has no other: a step-up, or an exchange."""
    return Tokens(answer.access_token, answer.refresh_token or kept)


def wants_proof(answer: Response) -> bool:
    """Whether the person has to step up first (RFC 9470). Another token of the same proofs would not help."""
    return "insufficient_user_authentication" in answer.headers.get("WWW-Authenticate", "")


def signing_in(email: str, password: str) -> Call:
    form = TokenForm(grant_type="password", username=email, password=password)
    return Call("POST", "/auth/token", form=form, signed=False)


def exchanging(key: str) -> Call:
    form = TokenForm(grant_type=EXCHANGE, subject_token=key, subject_token_type=KEY_TYPE)
    return Call("POST", "/auth/token", form=form, signed=False, repeatable=True, patience=RENEWAL_PATIENCE)


def renewing(tokens: Tokens) -> Call:
    """Repeatable: the server gives the same successor again."""
    if tokens.by_key:
        return exchanging(tokens.refresh_token)
    form = TokenForm(grant_type="refresh_token", refresh_token=tokens.refresh_token)
    return Call("POST", "/auth/token", form=form, signed=False, repeatable=True, patience=RENEWAL_PATIENCE)


def signing_out(tokens: Tokens) -> Call:
    form = RevokeForm(token=tokens.refresh_token, token_type_hint="refresh_token")  # noqa: S106  # a kind of token
    return Call("POST", "/auth/revoke", form=form, signed=False, repeatable=True)
