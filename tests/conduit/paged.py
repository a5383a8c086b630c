"""The lists, which are shed first under overload (`tests/common/test_load_shedding.py`)."""

from typing import Final

PAGED: Final[list[str]] = [
    "GET /api/articles",
    "GET /api/articles/feed",
    "GET /api/articles/{slug}/comments",
    "GET /api/tags",
]
