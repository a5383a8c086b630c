"""Finds sentences that are too long."""

import re
from collections.abc import Iterator
from typing import Final

from deploy.docs.files import Repository

MOST_WORDS: Final = 30
README_WORDS: Final = 700
HELD: Final = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/")
"""Pages and folders whose sentences are counted."""

FENCE: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
MARKUP: Final = re.compile(r"<!--.*?-->|<[^>]+>", re.DOTALL)
LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
CODE: Final = re.compile(r"`[^`]*`")
HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)
BLOCK: Final = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*>]|\d+\.)\s)|\|")
END: Final = re.compile(r"(?<=[.!?])[)*_\"]*\s+(?=[^a-z])")
WORD: Final = re.compile(r"\w")


def too_long(repository: Repository) -> Iterator[str]:
    """A line for each long sentence, and one for a README that is too long."""
    for name, text in repository.pages():
        if name.startswith(HELD):
            for sentence in sentences(text):
                if (count := len(words(sentence))) > MOST_WORDS:
                    yield f"{name}: {count} words, at most {MOST_WORDS}: {sentence[:90]}…"
        if name == "README.md" and (count := len(words(FENCE.sub("", text)))) > README_WORDS:
            yield f"{name}: {count} words, at most {README_WORDS}: say it in docs/"


def sentences(text: str) -> Iterator[str]:
    """The sentences of the prose, without code blocks. A table cell, a heading and a list item end a sentence."""
    prose = CODE.sub("Code", LINK.sub(r"\1", MARKUP.sub("", HEADING.sub(r"\n\1\n", FENCE.sub("\n\n", text)))))
    for block in BLOCK.split(prose):
        for sentence in END.split(" ".join(block.split())):
            if WORD.search(sentence):
                yield sentence


def words(text: str) -> list[str]:
    return [word for word in MARKUP.sub("", text).split() if WORD.search(word)]
