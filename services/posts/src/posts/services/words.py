"""The words of a text, and the words of a query.

Every character that is no letter, digit or mark separates words: `TCP/IP` and `it's` are two words,
`jane.doe@example.com` is four. A query for such a text asks for its words side by side. `C++` and `C#` are words too.
Chinese, Japanese, Thai and similar scripts have no blanks. In them each pair of neighbours is a word, and so is the
last letter of a run. So any part of a run is found: two letters or more as adjacent pairs, one letter as a beginning.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from common.text_fold import FOLDS, MOST_KEPT, UNSPACED, is_unspaced
from posts.services.errors import SearchHasTooManyWords, SearchNeedsAWord

LONGEST: Final = 100
"""Characters of a word that count; a query has no more."""
MOST_ASKED: Final = LONGEST
"""Most words of a query: each character may be one, as in Chinese, but a few fold into many."""
MOST_TEXT: Final = 60_000
"""Characters of a folded text that count. The longest post has 50,200, but few characters can fold into very many."""
PIECE: Final = re.compile(rf"[{UNSPACED}]+|[^{UNSPACED}+#]+(?:\+\+|[+#](?![^+#]))?")
"""A run of letters without blanks, or a word. A sign at its end may make it another word, but `a+b` and `issue#5` are
two words."""
QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\xab\xbb\uff02", '"'))
OPERAND: Final = re.compile(r'(-?)-*"([^"]*)"|(-?)-*([^\s"]+)')
"""A phrase or a word, which may be excluded. A single quotation mark is ignored."""


class WordSplits(dict[int, str]):
    """Cache: each character folded and split into words."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MOST_KEPT:
            self.clear()
        self[code] = parted = "".join(map(part, FOLDS[code]))
        return parted


def part(character: str) -> str:
    """The character as part of a word, a word by itself (an emoji), or a blank."""
    kind = unicodedata.category(character)
    if kind[0] in "LMN" or character in "+#":
        return character
    return f" {character} " if kind == "So" else " "


SPLITS: Final = WordSplits()


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query, and its place in the written form."""

    place: int
    text: str
    is_beginning: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """Adjacent words: of a phrase, of a compound, or a single word."""

    words: Sequence[Word]
    is_excluded: bool


Query = Sequence[Sequence[Term]]
"""A result has all terms of one alternative, and none that it excludes. An empty query finds nothing."""


def pieces(text: str) -> Iterator[str]:
    """Words and unspaced runs of a text, in order."""
    parted = unicodedata.normalize("NFC", text.translate(SPLITS))  # `fold`, and the split into words
    for word in parted[:MOST_TEXT].split():
        if word.isascii() and word.isalnum():
            yield word
        else:
            yield from PIECE.findall(word)


def words_of(text: str) -> dict[str, list[int]]:
    """All words of a text with their places, by which a post is found."""
    found: dict[str, list[int]] = {}
    place = 1
    for piece in pieces(text):
        if is_unspaced(piece):
            for start in range(len(piece)):
                found.setdefault(piece[start : start + 2], []).append(place + start)
            place += len(piece)
            continue
        if piece[-1] in "+#":
            found.setdefault(piece.rstrip("+#")[:LONGEST], []).append(place)
        found.setdefault(piece[:LONGEST], []).append(place)
        place += 1
    return found


def asked_words(text: str) -> list[Word]:
    """The words of a part of a query, which match those of `words_of`."""
    asked: list[Word] = []
    place = 1
    for piece in pieces(text):
        if not is_unspaced(piece):
            asked.append(Word(place, piece[:LONGEST]))
            place += 1
        elif len(piece) == 1:
            asked.append(Word(place, piece, is_beginning=True))
            place += 1
        else:
            asked += [Word(place + start, piece[start : start + 2]) for start in range(len(piece) - 1)]
            place += len(piece)
    return asked


def parse(query: str) -> Query:
    """Parse words, "phrases", `or` between them and `-not` before them. The last word may be a beginning.

    Raises:
        SearchHasTooManyWords: the query has more than `MOST_ASKED` words.
        SearchNeedsAWord: the query, or one side of an `or`, only excludes words.
    """
    found: list[list[Term]] = [[]]
    operands = list(OPERAND.finditer(query.translate(QUOTES)))
    is_or = False
    count = 0
    for number, operand in enumerate(operands):
        not_phrase, phrase, not_word, word = operand.groups()
        is_last = number == len(operands) - 1
        if word and not not_word and word.casefold() == "or" and found[-1] and not is_last:
            is_or = True
            continue
        words = asked_words(word or phrase or "")
        if not words:
            continue
        count += len(words)
        if count > MOST_ASKED:
            raise SearchHasTooManyWords(f"A search has at most {MOST_ASKED} words.")
        if is_or:
            found.append([])
            is_or = False
        if is_last and word and not not_word and not is_unspaced(words[-1].text):
            words[-1] = replace(words[-1], is_beginning=True)
        found[-1].append(Term(words, is_excluded=bool(not_phrase or not_word)))
    asked = [terms for terms in found if terms]
    if any(all(term.is_excluded for term in terms) for terms in asked):
        raise SearchNeedsAWord("A search needs a word that is not excluded, on each side of an `or`.")
    return asked
