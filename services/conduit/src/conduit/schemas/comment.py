"""Schemas of comments."""

from pydantic import Field

from common.schemas import Id
from conduit.schemas.fields import Body, Filled, Millis, Shown
from conduit.schemas.user import ProfileShown


class NewComment(Body):
    """A new comment."""

    body: Filled = Field(examples=["Well seen."])


class NewCommentBody(Body):
    """The body of a new comment."""

    comment: NewComment


class CommentShown(Shown):
    """A comment."""

    id: Id
    body: str = Field(examples=["Well seen."])
    created_at: Millis
    updated_at: Millis
    author: ProfileShown


class CommentAnswer(Shown):
    """A comment."""

    comment: CommentShown


class CommentsAnswer(Shown):
    """All comments of an article, the oldest first."""

    comments: list[CommentShown]
