"""Schemas of tags."""

from pydantic import Field

from common.schemas import Outgoing


class TagResponse(Outgoing):
    """A tag."""

    name: str = Field(examples=["astronomy"])
    posts_count: int = Field(examples=[38], description="How many published posts carry it.")
