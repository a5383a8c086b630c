"""Profiles, as people and as other services see them."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, TypeAdapter, UrlConstraints

from common.schemas import Id, Incoming, Name, Outgoing, Text, UserResponse

ADDRESS: Final = TypeAdapter(Annotated[HttpUrl, UrlConstraints(allowed_schemes=["https"], max_length=500)])


def https_address(text: str) -> str:
    """An https address, in its normal form (RFC 3986)."""
    return str(ADDRESS.validate_python(text))


Avatar = Annotated[str, StringConstraints(max_length=500), AfterValidator(https_address)]


NOT_GIVEN: Any = None  # the default of fields that may be left out but are never null


class ProfileUpdate(Incoming):
    """The fields to change; what is left out stays. Only the avatar can be taken away, with null."""

    name: Name = Field(default=NOT_GIVEN, examples=["Ada Lovelace"])
    bio: Text = Field(default=NOT_GIVEN, max_length=1000, examples=["Poetical science."])
    avatar_url: Avatar | None = Field(default=None, description="https only; never fetched by us.")


class ProfileResponse(UserResponse):
    """A profile. The address is null unless it is one's own."""

    bio: str
    avatar_url: str | None
    followers_count: int
    following_count: int
    posts_count: int
    following: bool | None = Field(description="Whether the caller follows this person; null when anonymous.")
    blocked: bool | None = Field(default=None, description="Whether the caller has blocked this person.")


class FollowerResponse(Outgoing):
    """Somebody who follows, or is followed."""

    id: Id
    name: str
    avatar_url: str | None
    since: datetime
