"""Sessions."""

from uuid import UUID

from pydantic import Field

from common.schemas import Moment, Outgoing


class AccountSessionResponse(Outgoing):
    """A place where somebody is signed in."""

    id: UUID = Field(examples=["8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"])
    created_at: Moment = Field(description="When it signed in.")
    last_used_at: Moment = Field(description="When it last got an access token.")
    user_agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"])
    ip: str = Field(examples=["203.0.113.9"], description="Address of its sign-in.")


class SessionResponse(AccountSessionResponse):
    """One of the caller's sessions."""

    current: bool = Field(description="Whether it is the session of this request.")
