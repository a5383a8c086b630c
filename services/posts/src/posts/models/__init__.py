"""posts' tables, one class per file."""

from posts.models.comment import Comment
from posts.models.like import Like
from posts.models.post import Post
from posts.models.post_stats import PostStats
from posts.models.post_tag import PostTag

__all__ = ["Comment", "Like", "Post", "PostStats", "PostTag"]
