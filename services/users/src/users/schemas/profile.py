"""Schemas of profiles."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, TypeAdapter, UrlConstraints

from common.contracts.accounts import UserResponse
from common.schemas import Id, Incoming, Moment, Name, Outgoing, Text, without_credentials
from users.services.profiles import picture_of

ADDRESS: Final = TypeAdapter(Annotated[HttpUrl, UrlConstraints(allowed_schemes=["https"], max_length=500)])


def avatar(text: str) -> str:
    """A picture of this site; or an https address, in its normal form (RFC 3986), without a user name or password."""
    return text if picture_of(text) else without_credentials(ADDRESS.validate_python(text))


Avatar = Annotated[str, StringConstraints(max_length=500), AfterValidator(avatar)]


def some_word(text: str) -> str:
    """Refuse a query without letters and digits. No index has other characters, so all names would be read."""
    if not any(map(str.isalnum, text)):
        raise ValueError("must have a letter or a digit")
    return text


NameQuery = Annotated[Text, AfterValidator(some_word), StringConstraints(min_length=1, max_length=100)]

NOT_GIVEN: Any = None  # the default of fields that may be left out but are never null


class ProfileUpdate(Incoming):
    """The fields to change; others stay. Only the avatar can be removed, with null."""

    name: Name = Field(default=NOT_GIVEN, examples=["Ada Lovelace"])
    bio: Text = Field(default=NOT_GIVEN, max_length=1000, examples=["Poetical science."])
    avatar_url: Avatar | None = Field(
        default=None,
        description="The `url` of a picture that the caller has uploaded; or an https address, which we never fetch, "
        "and which our web client does not show.",
        examples=["/users/pictures/7f3b1c0de5a94d2f8b6a1e0c9d4f2a53.webp"],
    )


class ConduitProfileUpdate(Incoming):
    """The fields to change; others stay. The picture is any text, which is never fetched nor rewritten."""

    bio: Text = Field(default=NOT_GIVEN, max_length=1000)
    avatar_url: Annotated[Text, StringConstraints(max_length=2000)] | None = None


class ProfileResponse(UserResponse):
    """A profile. The address is null, except for its owner and for admins."""

    username: str | None = Field(examples=["ada"], description="Unique in any case of letters; most people have none.")
    bio: str = Field(examples=["Poetical science."])
    avatar_url: str | None = Field(examples=["https://example.com/ada.png"])
    followers_count: int = Field(examples=[12])
    following_count: int = Field(examples=[7])
    posts_count: int = Field(examples=[3])  # only with posts
    following: bool | None = Field(description="Whether the caller follows this person; null when anonymous.")
    blocked: bool | None = Field(
        description="Whether the caller has blocked this person; null when anonymous. No profile and no list shows who "
        "blocks the caller; only an attempt to follow them is refused as `blocked-by-them`."
    )


class FollowerResponse(Outgoing):
    """A follower, or a followed person."""

    id: Id
    name: str = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=["https://example.com/ada.png"])
    since: Moment


class BlockedResponse(FollowerResponse):
    """A person whom the caller has blocked."""
