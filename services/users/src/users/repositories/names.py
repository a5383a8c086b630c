"""Names, as people are searched by them.

A name is stored folded (`common.text_fold`) and in ASCII. PostgreSQL's index of three letters each (pg_trgm) leaves out
letters that the cluster's locale does not know, in locale C all that are not ASCII; and a part of a word shorter than
three letters it cannot look up. So each other letter is five of ASCII's, which makes even one Chinese letter enough.
"""

from typing import Final

from sqlalchemy import text

from common.db.backfill import BackfillSource
from common.text_fold import fold, is_unspaced

DIGITS: Final = "BCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Capitals, since a folded name has none: so no part of one letter is taken for another letter."""
HIGHEST: Final = len(DIGITS) ** 4
"""All letters that there are have lower codes."""
SHORT: Final = 2

MISSING: Final = text("""
    SELECT id, name AS mark, name FROM profiles WHERE folded IS NULL AND id > :after ORDER BY id LIMIT :most
""")
# Rows that somebody else holds are left for the next look, so that two never wait for each other.
STORE: Final = text("""
    WITH free AS (
        SELECT id FROM profiles WHERE id = ANY (CAST(:ids AS bigint[])) AND folded IS NULL
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE profiles SET folded = made
    FROM unnest(CAST(:ids AS bigint[]), CAST(:marks AS text[]), CAST(:made AS text[])) AS new (id, mark, made)
    JOIN free ON free.id = new.id
    WHERE profiles.id = new.id AND name = mark AND folded IS NULL
""")


def as_stored(name: str) -> str:
    """A name as it is searched in: with a blank before each word, also the first."""
    return f" {in_ascii(fold(name))}"


def as_pattern(word: str) -> str:
    """The LIKE pattern that finds a word of a query, whose signs are themselves (S-37); empty for what is no letter.

    It is found anywhere in a name, or, if it is very short, where a word of the name begins. Where words are written
    without blanks, nobody knows where that is.
    """
    folded = fold(word)
    if not folded:
        return ""
    for sign in "\\%_":
        folded = folded.replace(sign, f"\\{sign}")
    is_beginning = len(folded) <= SHORT and folded.isalnum() and not is_unspaced(folded)
    return f"%{' ' * is_beginning}{in_ascii(folded)}%"


def in_ascii(folded: str) -> str:
    return "".join(letter if letter.isascii() else encode_letter(ord(letter)) for letter in folded)


def encode_letter(code: int) -> str:
    """A letter as five capitals, those first that differ most from one letter of a script to the next."""
    if code >= HIGHEST:
        return ""
    digits = ""
    for _ in range(4):
        code, digit = divmod(code, len(DIGITS))
        digits += DIGITS[digit]
    return f"A{digits}"


NAMES: Final = BackfillSource(MISSING, STORE, as_stored)
