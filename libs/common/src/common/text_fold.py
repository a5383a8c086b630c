"""Text folding: the one rule by which search compares texts, both words of posts and names of people.

The same function folds stored texts and queries. It runs here and not in PostgreSQL, whose rules differ between
versions and locales. The fold of a character depends on that character alone:

- Compatibility forms, case and digits are equal: full-width `w` and `W`, final and other sigma, `ß` and `ss`, `٣` and
  `3`.
- Marks that writers leave out are dropped: accents, Hebrew points, Arabic vowel signs. Vowel signs of Indic scripts,
  the marks of Thai and the voicing of kana stay, since they make another word.
- Letters that Unicode does not decompose are in `LETTERS`.
- Invisible characters (joiners, soft hyphens, direction marks) are dropped.

A change of this rule needs a migration that folds stored texts again.
"""

import re
import unicodedata
from typing import Final

LETTERS: Final = {
    **dict(zip("łđðøħŧıŋƀɓƃƈɖɗƌƒɠɣƙƚɫɲƞƥɋʂƫƭʈʉʋƴƶʐɨ", "lddohtinbbbcdddfggkllnnpqstttuvyzzi", strict=True)),
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ĸ": "q",
    # One letter to writers, two in Unicode: Persian and Arabic keyboards differ.
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    **dict.fromkeys("\u2018\u2019\u02b9\u02bb\u02bc\u2032\ua78c\xb4`", "'"),  # typed as an apostrophe
    "♯": "#",
}
"""Replacements of letters and signs, in lower case."""
TATWEEL: Final = "\u0640"
UNSEEN: Final = frozenset({"Cf", "Me"})
SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x034F, 0x0350))
MOST_KEPT: Final = 20_000
"""Cached characters. The limit stops a caller from filling the memory with all characters. A full cache is
cleared: if it stayed full, all other characters would be slow from then on."""

UNSPACED: Final = (
    "\u3005-\u3007\u3021-\u3029\u303b\u3041-\u312f\u3190-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff"  # Han and kana
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17dd\u1950-\u19df\u1a20-\u1aad\ua9e0-\ua9fe\uaa60-\uaadf"  # Thai to Khmer
)
"""Letters of scripts that do not separate words by blanks, for a regular expression."""
STARTS_UNSPACED: Final = re.compile(f"[{UNSPACED}]")


class Folds(dict[int, str]):
    """Cache of the fold of each character."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MOST_KEPT:
            self.clear()
        self[code] = folded = fold_character(chr(code))
        return folded


FOLDS: Final = Folds()


def fold(text: str) -> str:
    """The form in which texts are compared. It is idempotent."""
    return unicodedata.normalize("NFC", text.translate(FOLDS))


def fold_character(character: str) -> str:
    if character in LETTERS:  # before the decomposition: Unicode decomposes some into a blank and a mark
        return LETTERS[character]
    if is_plain(character):
        return character
    return "".join(LETTERS.get(one, digit(one)) for one in letters(letters(character).casefold()))


def is_plain(character: str) -> bool:
    """A letter without case and parts, as in most scripts. A fast path, since there are very many."""
    return unicodedata.category(character) == "Lo" and not unicodedata.decomposition(character)


def letters(text: str) -> str:
    """Decompose and drop marks. Called twice, since the case of a mark may be a letter (Greek's iota below)."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not is_left_out(one))


def digit(character: str) -> str:
    return str(unicodedata.digit(character)) if unicodedata.category(character) == "Nd" else character


def is_left_out(character: str) -> bool:
    """Whether search ignores this character.

    By the combining class: 1 is laid over the letter, 10 to 36 are Hebrew, Arabic and Syriac points, 200 and more stand
    around the letter. The others are vowels, and marks that distinguish letters.
    """
    kind = unicodedata.combining(character)
    if kind == 1 or 10 <= kind <= 36 or kind >= 200:
        return True
    return (
        character == TATWEEL
        or unicodedata.category(character) in UNSEEN
        or any(ord(character) in selectors for selectors in SELECTORS)
    )


def is_unspaced(folded: str) -> bool:
    """Whether a text begins with a letter of a script without blanks between words."""
    return folded[0] > "\u0e00" and STARTS_UNSPACED.match(folded) is not None
