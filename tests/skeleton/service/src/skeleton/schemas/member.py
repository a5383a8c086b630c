"""The answers about members."""

from datetime import datetime

from pydantic import Field

from common.schemas import Id, Outgoing


class MemberResponse(Outgoing):
    """A member."""

    id: Id = Field(examples=[7])
    since: datetime
