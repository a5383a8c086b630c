"""Bodies that more than one service takes or answers."""

from pydantic import Field

from common.email_addresses import Email
from common.schemas import Id, Incoming, Name, NewPassword, Outgoing


class UserCreate(Incoming):
    """What it takes to sign up."""

    email: Email = Field(examples=["ada@example.com"])
    password: NewPassword = Field(examples=["correct horse battery staple"])
    name: Name = Field(max_length=100, examples=["Ada Lovelace"])


class UserResponse(Outgoing):
    """An account or a profile, as little as every service knows of it."""

    id: Id
    email: str | None = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
