"""The lists, which are shed first under overload (`tests/common/test_load_shedding.py`)."""

from typing import Final

PAGED: Final[list[str]] = []
