"""The tokens of a session, and the times of their renewal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from httpx import Response

from trivium_client.calls import Call
from trivium_client.models import RevokeForm, SignedIn, TokenForm, TokenResponse

RENEWAL_PATIENCE: Final = 3.0
"""Seconds for one attempt. The server accepts a repeated refresh token for ten seconds."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a signed-in client holds. The refresh token works once: store each new pair, from `on_tokens`."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


OnTokens = Callable[[Tokens | None], None]


def ignore(_tokens: Tokens | None) -> None:
    """Keep tokens in memory only."""


def tokens_of(answer: SignedIn | TokenResponse, before: Tokens | None = None) -> Tokens:
    """A step-up answers an access token only: the refresh token stays."""
    return Tokens(answer.access_token, answer.refresh_token or (before.refresh_token if before else ""))


def wants_proof(answer: Response) -> bool:
    """Whether the person has to step up first (RFC 9470). Another token of the same proofs would not help."""
    return "insufficient_user_authentication" in answer.headers.get("WWW-Authenticate", "")


def signing_in(email: str, password: str) -> Call:
    form = TokenForm(grant_type="password", username=email, password=password)
    return Call("POST", "/auth/token", form=form, signed=False)


def renewing(tokens: Tokens) -> Call:
    """Repeatable: the server gives the same successor again."""
    form = TokenForm(grant_type="refresh_token", refresh_token=tokens.refresh_token)
    return Call("POST", "/auth/token", form=form, signed=False, repeatable=True, patience=RENEWAL_PATIENCE)


def signing_out(tokens: Tokens) -> Call:
    form = RevokeForm(token=tokens.refresh_token, token_type_hint="refresh_token")  # noqa: S106  # a kind of token
    return Call("POST", "/auth/revoke", form=form, signed=False, repeatable=True)
