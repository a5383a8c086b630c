"""Requests for mails, and the tokens of their links."""

from pydantic import Field

from auth.schemas.account import NOT_GIVEN, UNLESS_THERE_IS_NONE, CurrentPassword
from common.email_addresses import Email
from common.schemas import Incoming, NewPassword, Text

TOKEN = "3q2-7wAh5jVtYk0c…"  # noqa: S105  # an example


class AddressGiven(Incoming):
    """The address to write to."""

    email: Email = Field(examples=["ada@example.com"])


class LinkOpened(Incoming):
    """The token of a mailed link, from behind its `#`."""

    token: Text = Field(min_length=1, max_length=200, repr=False, examples=[TOKEN])


class PasswordChosen(LinkOpened):
    """A new password, with the token of a mailed link."""

    new_password: NewPassword = Field(examples=["seven brave tin spoons"])


class NewAddress(AddressGiven):
    """A new address for the caller's account."""

    password: CurrentPassword = Field(default=NOT_GIVEN, description=UNLESS_THERE_IS_NONE)
