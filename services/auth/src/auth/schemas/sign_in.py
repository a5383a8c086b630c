"""First-party sign-in. Its answer says in `state` how it went."""

from typing import Literal

from pydantic import Field

from auth.schemas.account import CurrentPassword
from auth.schemas.token import IssuedTokens
from common.schemas import MAX_TYPED, Incoming, Text


class PasswordSignIn(Incoming):
    """An address and its password."""

    email: Text = Field(max_length=MAX_TYPED, examples=["ada@example.com"])
    password: CurrentPassword


class SignedIn(IssuedTokens):
    """The tokens of a new session, as `/auth/token` issues them."""

    state: Literal["signed-in"] = "signed-in"
