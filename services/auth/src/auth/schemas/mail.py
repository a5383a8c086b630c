"""What is asked for by mail, and what comes back from its links."""

from typing import Annotated

from pydantic import AfterValidator, Field

from common.schemas import MAX_PASSWORD, Email, Incoming, Text, no_nul

TOKEN = "3q2-7wAh5jVtYk0c…"  # noqa: S105  # an example


class AddressGiven(Incoming):
    """The address to write to."""

    email: Email = Field(examples=["ada@example.com"])


class LinkOpened(Incoming):
    """The token of a mailed link, from behind its `#`."""

    token: Text = Field(min_length=1, max_length=200, repr=False, examples=[TOKEN])


class PasswordChosen(LinkOpened):
    """A new password, by a mailed link."""

    new_password: Annotated[str, AfterValidator(no_nul)] = Field(
        min_length=8, max_length=MAX_PASSWORD, repr=False, examples=["correct horse battery staple"]
    )


class NewAddress(AddressGiven):
    """Another address for one's account."""

    password: Text = Field(min_length=1, max_length=MAX_PASSWORD, repr=False, examples=["correct horse battery staple"])
