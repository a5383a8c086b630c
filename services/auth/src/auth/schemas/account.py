"""Accounts, as their owner and as other services see them."""

from pydantic import Field

from common.schemas import Id, Outgoing


class AccountResponse(Outgoing):
    """One's own account."""

    id: Id
    email: str = Field(examples=["ada@example.com"])
    roles: list[str]
    status: str = Field(examples=["active"])
    email_verified: bool


class AccountState(Outgoing):
    """What other services are told of an account."""

    id: Id
    email: str
    name: str
    roles: list[str]
    status: str
    version: int
