"""Bodies that more than one service accepts or returns."""

from pydantic import Field

from common.email_addresses import Email
from common.locales import Locale
from common.schemas import Id, Incoming, Name, NewPassword, Outgoing


class UserCreate(Incoming):
    """The body of a registration."""

    email: Email = Field(examples=["ada@example.com"])
    password: NewPassword = Field(examples=["correct horse battery staple"])
    name: Name = Field(max_length=100, examples=["Ada Lovelace"])
    locale: Locale | None = Field(
        default=None, description="The language of mails, as in BCP 47; without it, Accept-Language tells."
    )


class UserResponse(Outgoing):
    """The fields of an account or a profile that every service knows."""

    id: Id
    email: str | None = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
