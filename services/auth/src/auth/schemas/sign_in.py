"""First-party sign-in. Its answer says in `state` how it went."""

from typing import Literal

from pydantic import Field

from auth.schemas.account import CurrentPassword
from auth.schemas.token import TokenResponse
from common.schemas import MAX_TYPED, Incoming, Outgoing, Text


class WaysToSignIn(Outgoing):
    """What the sign-in page offers."""

    methods: list[Literal["password", "mail-code"]] = Field(examples=[["password"]])


class PasswordSignIn(Incoming):
    """An address and its password."""

    email: Text = Field(max_length=MAX_TYPED, examples=["ada@example.com"])
    password: CurrentPassword


class SignedIn(TokenResponse):
    """The tokens of a new session, as `/auth/token` issues them."""

    state: Literal["signed-in"] = "signed-in"


CHALLENGE = "J4rT5zv0mSg1…"


class CodeAsked(Outgoing):
    """What belongs to the mailed code. Keep it where the code will be typed."""

    challenge: str = Field(examples=[CHALLENGE])
    expires_in: int = Field(examples=[600], description="Seconds.")


class CodeGiven(Incoming):
    """The mailed code, with the challenge of the same request."""

    challenge: Text = Field(min_length=1, max_length=100, repr=False, examples=[CHALLENGE])
    code: Text = Field(min_length=1, max_length=20, repr=False, examples=["41870362"])
