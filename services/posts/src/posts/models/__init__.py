"""posts' tables: one class per file, and the shared ones."""

from posts.models.author import Author
from posts.models.author_stats import AuthorStats
from posts.models.block import Block
from posts.models.case import Case
from posts.models.comment import Comment
from posts.models.follow import Follow
from posts.models.like import Like
from posts.models.post import Post
from posts.models.post_stats import PostStats
from posts.models.post_tag import PostTag
from posts.models.post_words import PostWords
from posts.models.removal import Removal
from posts.models.report import Report
from posts.models.shared import EndedSession, Erased, IdempotencyKey, KnownKeys, Outbox, StoredPicture, TokenFloor
from posts.models.tag import Tag

__all__ = [
    "Author",
    "AuthorStats",
    "Block",
    "Case",
    "Comment",
    "EndedSession",
    "Erased",
    "Follow",
    "IdempotencyKey",
    "KnownKeys",
    "Like",
    "Outbox",
    "Post",
    "PostStats",
    "PostTag",
    "PostWords",
    "Removal",
    "Report",
    "StoredPicture",
    "Tag",
    "TokenFloor",
]
