"""The answers about members."""

from pydantic import Field

from common.schemas import Id, Moment, Outgoing


class MemberResponse(Outgoing):
    """A member."""

    id: Id = Field(examples=[7])
    since: Moment
