"""Schemas of the caller's account, and of profiles."""

from pydantic import Field

from conduit.schemas.fields import NOT_GIVEN, Bio, Body, Filled, Image, Shown


class NewUser(Body):
    """A registration."""

    username: Filled = Field(examples=["ada"])
    email: Filled = Field(examples=["ada@example.com"])
    password: Filled = Field(repr=False, examples=["lovelace1"])


class Credentials(Body):
    """A sign-in."""

    email: Filled = Field(examples=["ada@example.com"])
    password: Filled = Field(repr=False, examples=["lovelace1"])


class UserChanges(Body):
    """The fields to change; others stay. Null or an empty text removes a bio or image."""

    email: Filled = Field(default=NOT_GIVEN, examples=["ada@example.com"])
    username: Filled = Field(default=NOT_GIVEN, examples=["ada"])
    password: Filled = Field(default=NOT_GIVEN, repr=False, examples=["lovelace1"])
    bio: Bio | None = Field(default=None, examples=["Poetical science."])
    image: Image | None = Field(default=None, examples=["https://example.com/ada.png"])


class NewUserBody(Body):
    """The body of a registration."""

    user: NewUser


class CredentialsBody(Body):
    """The body of a sign-in."""

    user: Credentials


class UserChangesBody(Body):
    """The body of a change."""

    user: UserChanges


class UserShown(Shown):
    """The caller, with the token of their session."""

    email: str = Field(examples=["ada@example.com"])
    token: str = Field(repr=False, examples=["st1.…"])
    username: str = Field(examples=["ada"])
    bio: str | None = Field(examples=["Poetical science."])
    image: str | None = Field(examples=["https://example.com/ada.png"])


class UserAnswer(Shown):
    """The caller."""

    user: UserShown


class ProfileShown(Shown):
    """A person as the caller sees them."""

    username: str = Field(examples=["ada"])
    bio: str | None = Field(examples=["Poetical science."])
    image: str | None = Field(examples=["https://example.com/ada.png"])
    following: bool = Field(description="Whether the caller follows them; false when anonymous.")


class ProfileAnswer(Shown):
    """A person."""

    profile: ProfileShown
