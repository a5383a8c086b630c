"""The password policy: any password that is long enough, except those that guessers try first (S-02, S-04).

No composition rules: spaces, emoji and every script count, in code points of the compared form (NFKC). So the length
does not depend on how a system types a character. Refused are the common passwords in `common_passwords.txt`, in any
case and compatibility form. Refused, too, is a known word with only digits, spaces and punctuation around and within
it. Known are the words of the account's address, its owner's name and this product's name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from auth.services.errors import WeakPassword
from auth.services.passwords.hashing import normalized
from common.schemas import MAX_PASSWORD

COMMON: Final = Path(__file__).with_name("common_passwords.txt")
BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
SHORTEST_WORD: Final = 3
"""Shortest word of a name or address that counts: shorter ones identify nobody."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """For registration, change and reset."""

    min_length: int
    words: tuple[str, ...]
    """Words that everybody thinks of here: the product's name."""
    screens: bool = True
    """False: only the length counts, as the RealWorld API promises (`services.conduit`)."""

    def check(self, password: str, *, email: str, name: str) -> None:
        """Raises WeakPassword, which gives the reason and never repeats the password."""
        length = len(normalized(password))
        if length < self.min_length:
            raise WeakPassword(f"The password must have at least {self.min_length} characters.")
        if length > MAX_PASSWORD:
            raise WeakPassword(f"The password must have at most {MAX_PASSWORD} characters.")
        if not self.screens:
            return
        folded = fold(password)
        if folded in common_passwords():
            raise WeakPassword("Many people use this password, so it is guessed first; choose another one.")
        if bare(folded) in set(parts((*self.words, name, email, email.partition("@")[0]))):
            raise WeakPassword("The password is made of a name or address that others know; choose another one.")


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def bare(text: str) -> str:
    """Only the letters; the whole text if it has none, such as an address of digits."""
    return "".join(letter for letter in text if letter.isalpha()) or text


def parts(texts: Iterable[str]) -> Iterator[str]:
    """Each text and each of its words, without digits and punctuation."""
    for text in map(fold, texts):
        yield bare(text)
        yield from (bare(word) for word in BETWEEN_WORDS.split(text) if len(word) >= SHORTEST_WORD)


@cache
def common_passwords() -> frozenset[str]:
    """Folded, and none shorter than the minimum length. Read once; the file begins with a notice."""
    _notice, _, words = COMMON.read_text(encoding="ascii").partition("\n\n")
    return frozenset(words.split())
