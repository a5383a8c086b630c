"""What is particular to the pictures of one service, and their addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from common.pictures.encode import Size

LARGE: Final = "large"
SMALL: Final = "small"
ORIGINAL: Final = "original"


@dataclass(frozen=True, slots=True)
class Kind:
    """The pictures of one service: their sizes, their number, and when one is used."""

    service: str
    large: Size
    small: Size
    most: int
    """Pictures of one person. Uploads at the same moment may exceed it."""
    is_used: str
    """A condition in SQL on a row of `pictures`: something shows this picture."""

    @property
    def sizes(self) -> Mapping[str, Size]:
        return {LARGE: self.large, SMALL: self.small}


def path_of(service: str, name: str, size: str = LARGE) -> str:
    """The address of a picture, below the site's: `/users/pictures/7f….webp`, or `…-small.webp`."""
    return f"/{service}/pictures/{name}{'' if size == LARGE else '-' + size}.webp"
