"""Slugs: a post's name in addresses. The words of its title, then its id: `first-light-41`.

The id makes it unique, so two posts may have the same title, and nothing is stored. A slug is exact: another title
before the same id names nothing. So a slug changes with the title, and the old one is not found any more.
"""

import re
import unicodedata
from typing import Final

MOST_WORDS: Final = 80
"""Letters of a title that a slug keeps."""
NOT_WORDS: Final = re.compile(r"[^a-z0-9]+")
SLUG: Final = re.compile(r"(?:.*-)?([1-9][0-9]{0,15})", re.DOTALL)


def slug_of(title: str, post_id: int) -> str:
    """The slug of a post: ASCII letters, digits and hyphens. Only the id is left of a title in another script."""
    plain = title.lower() if title.isascii() else without_marks(title)
    words = NOT_WORDS.sub("-", plain)
    return f"{words[:MOST_WORDS].strip('-')}-{post_id}".lstrip("-")


def without_marks(title: str) -> str:
    """Letters without their accents, in lower case."""
    plain = unicodedata.normalize("NFKD", title).lower()
    return "".join(one for one in plain if not unicodedata.combining(one))


def id_in(slug: str) -> int | None:
    """The id at the end of a slug; None if there is none. The caller compares the whole slug."""
    found = SLUG.fullmatch(slug)
    return int(found[1]) if found else None
