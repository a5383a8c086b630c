"""Bodies for the RealWorld API, which the service conduit calls."""

from typing import Any, Final

from pydantic import AliasChoices, Field

from common.email_addresses import Email
from common.schemas import MAX_TYPED, Id, Incoming, NewPassword, Outgoing, Text, Username

NOT_GIVEN: Final[Any] = None  # the default of fields that may be left out but are never null


class ConduitSignUpBody(Incoming):
    """A registration with a username."""

    email: Email
    username: Username
    password: NewPassword


class ConduitSignInBody(Incoming):
    """An address and a password; neither needs the form of one, as at `/auth/token`."""

    email: Text = Field(max_length=1000)
    password: Text = Field(max_length=MAX_TYPED, repr=False)


class LastingToken(Incoming):
    """The token of a lasting session."""

    token: Text = Field(max_length=200, repr=False)


class ConduitChangesBody(Incoming):
    """The fields to change; others stay."""

    email: Email = Field(default=NOT_GIVEN)
    username: Username = Field(default=NOT_GIVEN)
    password: NewPassword = Field(default=NOT_GIVEN)


class ConduitAccount(Outgoing):
    """The caller's account."""

    id: Id
    email: str
    username: str | None


class ConduitSession(Outgoing):
    """A lasting session, and an access token of it."""

    token: str = Field(
        validation_alias=AliasChoices("refresh_token", "token"),
        repr=False,
        description="Stays the same for as long as the session lasts.",
    )
    access_token: str = Field(repr=False)
    expires_in: int = Field(description="Seconds.")
    account_id: Id
