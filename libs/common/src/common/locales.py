"""Languages of people: tags of BCP 47, and the choice from those that there are."""

import re
from collections.abc import Collection, Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

MAX_LOCALE: Final = 35
"""RFC 5646, section 4.4.1: enough for all tags that are in use."""
PATTERN: Final = (
    r"^([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[0-9A-WYZa-wyz](-[A-Za-z0-9]{2,8})+)*(-[Xx](-[A-Za-z0-9]{1,8})+)?$"
)
"""RFC 5646, section 2.1: a language, and if given script, region, variants, extensions and private use."""
TAG: Final = re.compile(PATTERN)
RANGE: Final = re.compile(
    r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8})\s*(?:;\s*[Qq]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
MOST_RANGES: Final = 30
"""Browsers send a handful."""


def normal_locale(tag: str) -> str:
    """The tag as RFC 5646, section 2.1.1, recommends to write it: `zh-Hant-TW`. Raises ValueError."""
    if len(tag) > MAX_LOCALE or not TAG.fullmatch(tag):
        raise ValueError("must be a language as in BCP 47, such as de or pt-BR")
    first, *others = tag.lower().split("-")
    parts, is_plain = [first], True
    for part in others:
        is_plain = is_plain and len(part) > 1  # behind a single letter all is in lower case
        parts.append(
            part.upper() if is_plain and len(part) == 2 else part.title() if is_plain and len(part) == 4 else part
        )
    return "-".join(parts)


Locale = Annotated[
    str,
    StringConstraints(min_length=2, max_length=MAX_LOCALE, pattern=PATTERN),
    AfterValidator(normal_locale),
    Field(examples=["pt-BR"]),
]


def truncations(tag: str) -> Iterator[str]:
    """The tag, and then each less exact one (RFC 4647, section 3.4): zh-Hant-TW, zh-Hant, zh."""
    parts = tag.split("-") if tag else []
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()


def accepted_locale(header: str, available: Collection[str]) -> str | None:
    """The best language for a request's Accept-Language (RFC 9110, section 12.5.4); None if it names none of them."""
    known = {tag.lower(): tag for tag in available}
    ranges = [match for part in header.split(",")[:MOST_RANGES] if (match := RANGE.fullmatch(part))]
    for wanted in sorted(ranges, key=lambda match: -float(match[2] or 1)):
        if float(wanted[2] or 1) == 0:
            break
        for tag in truncations(wanted[1].lower()):
            if tag in known:
                return known[tag]
    return None
