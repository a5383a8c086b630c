"""Accounts, as their owner and as other services see them."""

from pydantic import Field

from common.schemas import Id, Outgoing


class AccountResponse(Outgoing):
    """One's own account."""

    id: Id
    email: str = Field(examples=["ada@example.com"])
    roles: list[str] = Field(examples=[["moderator"]])
    status: str = Field(examples=["active"])
    email_verified: bool
