"""Which new passwords are accepted: any long enough ones, except those that guessers try first (S-02, S-04).

No rules of composition, and no word of what may be in it: spaces, emoji and every script count, by code points in the
form in which passwords are compared (NFKC), so that none is longer for how a system types it. Refused are the common
passwords in `common_passwords.txt`, in any case and compatibility form, and what is made of a word that is known of the
account (its address, its owner's name, this product's name) with nothing but digits, spaces and punctuation around and
in between.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from auth.services.errors import WeakPassword
from auth.services.passwords import normalized
from common.schemas import MAX_PASSWORD

COMMON: Final = Path(__file__).with_name("common_passwords.txt")
BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
SHORTEST_WORD: Final = 3
"""Of a name or address: a shorter part says nothing of its owner."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """For registration, change and reset."""

    min_length: int
    words: tuple[str, ...]
    """What everybody thinks of here: the product's name."""

    def check(self, password: str, *, email: str, name: str) -> None:
        """Raises WeakPassword, which says why and never repeats the password."""
        length = len(normalized(password))
        if length < self.min_length:
            raise WeakPassword(f"The password must have at least {self.min_length} characters.")
        if length > MAX_PASSWORD:
            raise WeakPassword(f"The password must have at most {MAX_PASSWORD} characters.")
        folded = fold(password)
        if folded in common_passwords():
            raise WeakPassword("Many people use this password, so it is guessed first; choose another one.")
        if bare(folded) in set(parts((*self.words, name, email, email.partition("@")[0]))):
            raise WeakPassword("The password is made of a name or address that others know; choose another one.")


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def bare(text: str) -> str:
    """The letters alone; of what has none, such as an address of digits, everything."""
    return "".join(letter for letter in text if letter.isalpha()) or text


def parts(texts: Iterable[str]) -> Iterator[str]:
    """What a text is without its digits and punctuation, and each of its words."""
    for text in map(fold, texts):
        yield bare(text)
        yield from (bare(word) for word in BETWEEN_WORDS.split(text) if len(word) >= SHORTEST_WORD)


@cache
def common_passwords() -> frozenset[str]:
    """Folded, and none shorter than the shortest that may be chosen. Read once; the file begins with a notice."""
    _notice, _, words = COMMON.read_text(encoding="ascii").partition("\n\n")
    return frozenset(words.split())
