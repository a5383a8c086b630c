"""Schemas of tags."""

from typing import Literal

from pydantic import Field

from common.schemas import Outgoing

TagSort = Literal["used", "recent"]


class TagResponse(Outgoing):
    """A tag."""

    name: str = Field(examples=["astronomy"])
    posts_count: int = Field(examples=[38], description="How many published posts carry it.")
