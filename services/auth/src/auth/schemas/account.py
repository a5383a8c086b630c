"""Accounts, as seen by their owner, by admins and by other services."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from auth.services.records import Role
from common.locales import Locale
from common.schemas import MAX_TYPED, Id, Incoming, Moment, NewPassword, Outgoing, Reason, Text

CurrentPassword = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=MAX_TYPED,
        repr=False,
        json_schema_extra={"format": "password"},
        examples=["correct horse battery staple"],
    ),
]
NOT_GIVEN: Final[Any] = None  # the default of fields that may be left out but are never null


class AccountFields(Outgoing):
    """The fields of an account that its owner and admins see."""

    id: Id
    email: str = Field(examples=["ada@example.com"])
    roles: list[str] = Field(examples=[["moderator"]])
    status: str = Field(examples=["active"])
    email_verified: bool


class AccountResponse(AccountFields):
    """The caller's own account."""

    has_password: bool = Field(description="Not so after a sign-up by a provider, until one is set.")
    locale: str | None = Field(
        examples=["pt-BR"], description="The language of mails, as in BCP 47; null: that of the site."
    )


class OwnAccountUpdate(Incoming):
    """The fields to change; others stay."""

    locale: Locale | None = Field(
        default=NOT_GIVEN, description="The language of mails, as in BCP 47; null: that of the site."
    )


class ManagedAccountResponse(AccountFields):
    """An account as admins see it."""

    name: str = Field(
        examples=["Ada Lovelace"], description="As given at sign-up; empty, like `email`, if it is `deleted`."
    )
    created_at: Moment


class AccountUpdate(Incoming):
    """The fields to change; others stay. Passwords and addresses cannot be set here."""

    status: Literal["active", "disabled"] = Field(default=NOT_GIVEN, examples=["disabled"])
    roles: Annotated[list[Role], Field(max_length=10), AfterValidator(set)] = Field(
        default=NOT_GIVEN, examples=[["moderator"]], description="All roles of the account."
    )
    reason: Reason = Field(default=NOT_GIVEN, description="Why; it stays in the audit trail.")


UNLESS_THERE_IS_NONE: Final = "Left out only by an account that has none: its session must have a recent proof."


class AccountDeletion(Incoming):
    """The password, so that an unlocked device is not enough."""

    password: CurrentPassword = Field(default=NOT_GIVEN, description=UNLESS_THERE_IS_NONE)


class PasswordChange(Incoming):
    """The current password, so that an unlocked device is not enough, and the new one."""

    current_password: CurrentPassword = Field(
        default=NOT_GIVEN, description="Left out only by an account that has none, for its first password."
    )
    new_password: NewPassword = Field(examples=["seven brave tin spoons"])
