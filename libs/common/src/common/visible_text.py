"""The characters that one line of text may hold: names, titles and tags.

Control and format characters could make one name look like another, so names must not hold them. A few of them are part
of words or emoji, which depends on context. The rules are joiners by RFC 5892, appendix A (CONTEXTJ), as RFC 8266
applies it to nicknames, and emoji by the sequences of UTS #51.
"""

import re
import unicodedata
from typing import Annotated, Final

from idna import valid_contextj, valid_contexto
from pydantic import AfterValidator

ZWNJ, ZWJ, TEXT_STYLE, EMOJI_STYLE = "\u200c\u200d\ufe0e\ufe0f"
JOINERS: Final = frozenset({ZWNJ, ZWJ, TEXT_STYLE, EMOJI_STYLE})
KEYS: Final = frozenset("0123456789#*")
KEYCAP: Final = "\u20e3"
EMOJI_TOO: Final = frozenset("\u203c\u2049\u2139")
"""Punctuation and a letter that are emoji if `EMOJI_STYLE` follows."""
REGION: Final = re.compile("\U0001f3f4\U000e0067\U000e0062(?:{}|{}|{})\U000e007f".format(
    "\U000e0065\U000e006e\U000e0067", "\U000e0073\U000e0063\U000e0074", "\U000e0077\U000e006c\U000e0073"
))  # fmt: skip
"""The flags of England, Scotland and Wales. Other tag sequences show a plain black flag, and are refused."""
MONGOLIAN: Final = range(0x1820, 0x18AB)
MONGOLIAN_SELECTORS: Final = frozenset("\u180b\u180c\u180d\u180f")
"""They choose the shape of the Mongolian letter before them."""

INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co"})
FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that are invisible."""
SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Variation selectors: marks that are invisible themselves."""
NEVER_SEEN: Final = (range(0xFDD0, 0xFDF0), range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
EMPTY_SIGNS: Final = frozenset("\u2800\U0001d159")
"""Symbols without ink. They may stand between others, as spaces do: a Braille text has its blank."""
DIRECTION_MARKS: Final = "\u200e\u200f\u061c"
"""Keyboards and messengers add them at the ends of a text."""
SOFT_HYPHEN: Final = "\u00ad"
WORD_PUNCTUATION: Final = frozenset("\u00b7\u0375\u05f3\u05f4\u30fb")
"""Punctuation inside words of Catalan, Greek, Hebrew and Japanese (RFC 5892, appendix A, CONTEXTO)."""


def visible_line(text: str) -> str:
    """A name, stripped. Refused if it could look like another.

    Raises:
        ValueError: it is blank, or holds a control or invisible character without a visible effect.
    """
    text = stripped(text)
    if not is_plain(text):
        shown = REGION.sub("", text)
        if any(hides(one) and not fits_context(shown, at) for at, one in enumerate(shown)):
            raise ValueError("must not contain control or invisible characters")
    return not_blank(text)


def visible_words(text: str) -> str:
    """A title: as `visible_line`, but joiners may follow any letter. A title identifies nobody."""
    text = stripped(text)
    if is_plain(text):
        return not_blank(text)
    visible_line("".join(one for before, one in zip(f" {text}", text, strict=False) if not joins_letters(before, one)))
    return text


def is_plain(text: str) -> bool:
    """Only ASCII without control characters: most texts, for which the rules need not look at each character."""
    return text.isascii() and text.isprintable()


def not_blank(text: str) -> str:
    """Refuse a text that would show an empty box on a page."""
    if all(one.isspace() or one in EMPTY_SIGNS or hides(one) for one in text):
        raise ValueError("must not be blank")
    return text


def stripped(text: str) -> str:
    """The text without soft hyphens, and without direction marks at its ends: nobody types them on purpose."""
    return text.replace(SOFT_HYPHEN, "").strip(DIRECTION_MARKS)


def joins_by_context(text: str, at: int) -> bool:
    """RFC 5892, appendix A (CONTEXTJ)."""
    try:
        return valid_contextj(text, at)
    except ValueError:  # the next character has no name in this Python's Unicode
        return False


def without_idle_joiners(text: str) -> str:
    """Keep only joiners that change the display, so that a word has one spelling."""
    return "".join(one for at, one in enumerate(text) if one not in {ZWNJ, ZWJ} or joins_by_context(text, at))


def hides(character: str) -> bool:
    """Whether the character is invisible when it stands alone.

    Unassigned code points are accepted: new emoji exist before this Python's Unicode knows them.
    """
    if character.isascii():
        return not character.isprintable()
    code = ord(character)
    if any(code in codes for codes in SELECTORS):
        return True
    if unicodedata.category(character) == "Cn":  # noncharacters, or reserved for invisible ones
        return code & 0xFFFE == 0xFFFE or any(code in codes for codes in NEVER_SEEN)
    return unicodedata.category(character) in INVISIBLE or character in FILLERS


def fits_context(text: str, at: int) -> bool:
    """Whether the character belongs to the word or the emoji around it."""
    one, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if one in WORD_PUNCTUATION:
        return valid_contexto(text, at)
    if one in MONGOLIAN_SELECTORS:
        return before != "" and ord(before) in MONGOLIAN
    if one not in JOINERS or before == "":
        return False
    return joins_emoji(before, one, after) or (one in {ZWNJ, ZWJ} and joins_by_context(text, at))


def joins_emoji(before: str, character: str, after: str) -> bool:
    """Whether the character belongs to an emoji."""
    if character == ZWJ:  # between two emoji; a style or a skin tone may follow the first
        return (before == EMOJI_STYLE or is_symbol(before)) and after != "" and is_symbol(after)
    if before in KEYS:
        return character == EMOJI_STYLE and after == KEYCAP
    return character != ZWNJ and (before in EMOJI_TOO or is_symbol(before))


def is_symbol(character: str) -> bool:
    category = unicodedata.category(character)
    return not character.isascii() and (category[0] == "S" or category == "Cn")


def joins_letters(before: str, character: str) -> bool:
    """Whether people of some script type this joiner or selector after this letter."""
    joiner = character in {ZWNJ, ZWJ} or any(ord(character) in codes for codes in SELECTORS)
    return joiner and not before.isascii() and unicodedata.category(before)[0] in "LM"


Line = Annotated[str, AfterValidator(visible_line)]
