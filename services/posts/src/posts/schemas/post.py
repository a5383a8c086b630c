"""Schemas of posts."""

import re
import unicodedata
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from common.schemas import Id, Incoming, Moment, Outgoing, Text, Written, no_nul
from common.visible_text import fits_context, hides, is_plain, stripped, visible_words, without_idle_joiners

MARKS: Final = frozenset({"Mn", "Mc"})
"""Vowel signs of many scripts, which are no letters of their own."""
TAG: Final = re.compile(r"\w[\w.+#-]*")
MAX_TAG: Final = 50
NOT_GIVEN: Any = None  # the default of fields that may be left out but are never null


def normal_tag(tag: str) -> str:
    """One spelling per tag: compatibility characters and case folded, and only joiners that change the display."""
    if is_plain(tag):
        tag = letters = tag.lower()
    else:
        tag = without_idle_joiners(stripped(unicodedata.normalize("NFKC", tag).casefold()))
        letters = "".join(one for at, one in enumerate(tag) if not is_mark(one) and not fits_context(tag, at))
    if len(tag) > MAX_TAG or not TAG.fullmatch(letters) or is_mark(tag[0]) or any(map(hides, letters)):
        raise ValueError("must be one word of up to 50 letters, digits and . + # - _")
    return tag


def is_mark(character: str) -> bool:
    return unicodedata.category(character) in MARKS and not hides(character)


def once(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tag = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TAG), AfterValidator(normal_tag)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(visible_words)]
Description = Annotated[Text, StringConstraints(max_length=1000)]
Body = Annotated[Written, StringConstraints(min_length=1, max_length=50_000)]
Tags = Annotated[list[Tag], Field(max_length=10), AfterValidator(once)]
Status = Literal["draft", "published"]
Sort = Literal["new", "top"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), AfterValidator(no_nul)]
"""A search: words, "phrases", or, -not (`posts.services.words`)."""


class PostCreate(Incoming):
    """A new post."""

    title: Title = Field(examples=["First light"])
    description: Description = Field(default="", examples=["A clear night at last."])
    body: Body = Field(examples=["It was a clear night."])
    tags: Tags = Field(default_factory=list, examples=[["astronomy"]])
    status: Status = "published"


class PostUpdate(Incoming):
    """The fields to change; others stay."""

    title: Title = Field(default=NOT_GIVEN, examples=["Second light"])
    description: Description = Field(default=NOT_GIVEN, examples=["Another clear night."])
    body: Body = Field(default=NOT_GIVEN, examples=["It was a clear night, and cold."])
    tags: Tags = Field(default=NOT_GIVEN, examples=[["astronomy"]])
    status: Status = Field(default=NOT_GIVEN, description="Publishing is one-way.")


class AuthorResponse(Outgoing):
    """The author. The name is null if it is not known at the moment."""

    id: Id
    name: str | None = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=["https://example.com/ada.png"])


class PostSummary(Outgoing):
    """A post without its text."""

    id: Id
    slug: str = Field(examples=["first-light-41"], description="Its name in addresses; changes with the title.")
    title: str = Field(examples=["First light"])
    description: str = Field(examples=["A clear night at last."])
    tags: list[str] = Field(examples=[["astronomy"]])
    status: Status
    author: AuthorResponse | None = Field(description="Null once the author is deleted.")
    created_at: Moment
    updated_at: Moment
    published_at: Moment | None = Field(description="Null while it is a draft.")
    likes_count: int = Field(examples=[3])
    comments_count: int = Field(examples=[1])
    liked: bool | None = Field(description="Whether the caller likes it; null when anonymous.")


class PostResponse(PostSummary):
    """A post."""

    body: str = Field(examples=["It was a clear night."])


class NumberedPage(Outgoing):
    """A page by its place in a list, and the length of the whole list."""

    items: list[PostSummary]
    total: int = Field(
        examples=[64],
        description="Exact for one tag, one author and the feed; other lists are counted up to 10,000.",
    )
