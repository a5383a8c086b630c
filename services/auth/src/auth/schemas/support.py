"""How somebody signs in, as admins see it; and what they do for them."""

from uuid import UUID

from pydantic import Field

from auth.schemas.account import NOT_GIVEN
from auth.schemas.provider import IdentityResponse
from auth.schemas.second_factor import SecondFactorResponse
from common.schemas import Incoming, Moment, Outgoing, Reason


class KnownPasskey(Outgoing):
    """A passkey, without what it is used with."""

    name: str = Field(examples=["Ada's phone"])
    created_at: Moment
    last_used_at: Moment | None
    backed_up: bool


class KnownApiKey(Outgoing):
    """An API key, without what it is used with."""

    name: str = Field(examples=["nightly import"])
    scopes: list[str] = Field(examples=[["posts:read"]])
    created_at: Moment
    expires_at: Moment | None = Field(description="null: never.")
    expired: bool
    last_used_at: Moment | None


class SignInMethodsResponse(Outgoing):
    """How somebody can sign in. It holds nothing that anybody could sign in with."""

    has_password: bool
    second_factor: SecondFactorResponse
    trusted_devices: int = Field(examples=[1], description="Devices that sign in without the second factor.")
    passkeys: list[KnownPasskey]
    identities: list[IdentityResponse]
    api_keys: list[KnownApiKey]


class SignOut(Incoming):
    """Which session ends, and why."""

    session_id: UUID = Field(
        default=NOT_GIVEN, examples=["8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"], description="Left out: all of them."
    )
    reason: Reason


class AccountDeletionByAdmin(Incoming):
    """Why an admin deletes somebody's account."""

    reason: Reason
