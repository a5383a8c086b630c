"""The lists, which are shed first under overload (`tests/common/test_load_shedding.py`)."""

from typing import Final

PAGED: Final[list[str]] = [
    "GET /users",
    "GET /users/me/blocks",
    "GET /users/{user_id}/followers",
    "GET /users/{user_id}/following",
]
