"""The lists, which are shed first under overload (`tests/common/test_load_shedding.py`)."""

from typing import Final

PAGED: Final[list[str]] = [
    "GET /posts",
    "GET /posts/feed",
    "GET /posts/drafts",
    "GET /posts/tags",
    "GET /posts/{post_id}/comments",
    "GET /posts/numbered",
    "GET /posts/feeds/latest.atom",
    "GET /posts/feeds/people/{author_id}.atom",
    "GET /posts/feeds/tags/{tag}.atom",
    "GET /posts/removed",
]
