"""The answers about members."""

from datetime import datetime

from pydantic import Field

from common.schemas import Id, Outgoing


class MemberResponse(Outgoing):
    """A member."""

    id: Id = Field(examples=[7])
    since: datetime = Field(examples=["2026-01-02T03:04:05Z"])
