"""posts' tables, one class per file."""

from posts.models.author import Author
from posts.models.author_stats import AuthorStats
from posts.models.block import Block
from posts.models.comment import Comment
from posts.models.erased import Erased
from posts.models.follow import Follow
from posts.models.idempotency_key import IdempotencyKey
from posts.models.known_keys import KnownKeys
from posts.models.like import Like
from posts.models.outbox import Outbox
from posts.models.post import Post
from posts.models.post_stats import PostStats
from posts.models.post_tag import PostTag
from posts.models.post_words import PostWords
from posts.models.revocation import EndedSession, TokenFloor
from posts.models.tag import Tag

__all__ = [
    "Author",
    "AuthorStats",
    "Block",
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
    "Tag",
    "TokenFloor",
]
