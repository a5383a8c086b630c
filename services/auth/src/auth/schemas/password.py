"""Changing a password."""

from pydantic import Field

from common.schemas import MAX_TYPED, Incoming, NewPassword, Text


class PasswordChange(Incoming):
    """The current password, so that an unlocked device is not enough, and the one to come."""

    current_password: Text = Field(
        min_length=1,
        max_length=MAX_TYPED,
        repr=False,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery staple"],
    )
    new_password: NewPassword = Field(examples=["seven brave tin spoons"])
