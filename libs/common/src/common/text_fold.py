"""The one rule by which search compares texts: posts by their words, people by their names.

The same function folds what is stored and what is asked for, here and not in PostgreSQL, whose own rules differ from
one version and one locale of a cluster to the next. What becomes of a character depends on that character alone:

- compatibility forms, case and digits: full-width `w` and `W`, final and other sigma, `ß` and `ss`, `٣` and `3`;
- marks that writers leave out go: accents, Hebrew points, Arabic vowel signs. Vowel signs of Indic scripts, the marks
  of Thai and the voicing of kana stay, since they make another word;
- letters that Unicode does not take apart are in `LETTERS`;
- what nobody sees (joiners, soft hyphens, direction marks) goes.

A change of this rule needs a migration that folds again what is stored.
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
    # One letter to those who write it, two to Unicode: Persian and Arabic keyboards differ.
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    **dict.fromkeys("\u2018\u2019\u02b9\u02bb\u02bc\u2032\ua78c\xb4`", "'"),  # what is typed for an apostrophe
    "♯": "#",
}
"""What stands for a letter or sign, in lower case."""
TATWEEL: Final = "\u0640"
UNSEEN: Final = frozenset({"Cf", "Me"})
SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x034F, 0x0350))
MOST_KEPT: Final = 20_000
"""Characters whose fold is remembered, so that nobody fills the memory by sending all that there are. Then it begins
anew: were it full for good, all other characters would be slow from then on."""

UNSPACED: Final = (
    "\u3005-\u3007\u3021-\u3029\u303b\u3041-\u312f\u3190-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff"  # Han and kana
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17dd\u1950-\u19df\u1a20-\u1aad\ua9e0-\ua9fe\uaa60-\uaadf"  # Thai to Khmer
)
"""Letters of scripts that part no words by blanks, for a regular expression."""
STARTS_UNSPACED: Final = re.compile(f"[{UNSPACED}]")


class Folds(dict[int, str]):
    """What each character becomes, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MOST_KEPT:
            self.clear()
        self[code] = folded = fold_character(chr(code))
        return folded


FOLDS: Final = Folds()


def fold(text: str) -> str:
    """The form in which texts are compared. Folding it again changes nothing."""
    return unicodedata.normalize("NFC", text.translate(FOLDS))


def fold_character(character: str) -> str:
    if character in LETTERS:  # before it is taken apart: some of them are a blank and a mark to Unicode
        return LETTERS[character]
    if is_plain(character):
        return character
    return "".join(LETTERS.get(one, digit(one)) for one in letters(letters(character).casefold()))


def is_plain(character: str) -> bool:
    """Whether it is a letter without case and parts, as those of most scripts are. There are very many: so be quick."""
    return unicodedata.category(character) == "Lo" and not unicodedata.decomposition(character)


def letters(text: str) -> str:
    """A text taken apart, without the marks: twice, since the case of a mark may be a letter (Greek's iota below)."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not is_left_out(one))


def digit(character: str) -> str:
    return str(unicodedata.digit(character)) if unicodedata.category(character) == "Nd" else character


def is_left_out(character: str) -> bool:
    """Whether texts are the same with and without it.

    By the combining class: 1 is laid over the letter, 10 to 36 are Hebrew, Arabic and Syriac points, 200 and more stand
    around the letter. Lower and other ones are vowels, and marks that tell letters apart.
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
    """Whether a text begins with a letter of a script without blanks."""
    return folded[0] > "\u0e00" and STARTS_UNSPACED.match(folded) is not None
