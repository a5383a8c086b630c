"""Schemas of comments."""

from typing import Annotated

from pydantic import Field, StringConstraints

from common.schemas import Id, Incoming, Moment, Outgoing, Written
from posts.schemas.post import AuthorResponse


class CommentCreate(Incoming):
    """The text of a comment, new or changed."""

    body: Annotated[Written, StringConstraints(min_length=1, max_length=5000)] = Field(examples=["Well seen."])


class CommentResponse(Outgoing):
    """A comment."""

    id: Id
    post_id: Id
    body: str = Field(examples=["Well seen."])
    author: AuthorResponse | None = Field(description="Null once the author is deleted.")
    created_at: Moment
    updated_at: Moment
