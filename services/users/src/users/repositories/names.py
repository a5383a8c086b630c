"""Names, in the form in which people are searched.

A name is stored folded (`common.text_fold`) and in ASCII. PostgreSQL's trigram index (pg_trgm) ignores letters that the
cluster's locale does not know; in locale C these are all beyond ASCII. It also cannot look up less than three letters.
So every other letter is written as five ASCII letters, and even one Chinese letter is enough.
"""

from typing import Final

from sqlalchemy import text

from common.db.backfill import BackfillSource
from common.text_fold import fold, is_unspaced

DIGITS: Final = "BCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Capitals, since a folded name has none: so no part of an encoded letter is taken for another letter."""
HIGHEST: Final = len(DIGITS) ** 4
"""All code points are lower."""
SHORT: Final = 2

MISSING: Final = text("""
    SELECT id, name AS mark, name FROM profiles WHERE folded IS NULL AND id > :after ORDER BY id LIMIT :most
""")
# Locked rows are left for the next round, so that two transactions never deadlock.
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
    """A name as it is stored for the search: with a blank before each word, also the first."""
    return f" {in_ascii(fold(name))}"


def as_pattern(word: str) -> str:
    """The LIKE pattern for a word of a query, with LIKE's own characters escaped (S-37); empty if it folds to nothing.

    It matches anywhere in a name; a very short word only where a word of the name begins. In scripts without blanks
    that place is unknown, so there it matches anywhere.
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
    """A letter as five capitals; those that differ most within a script come first."""
    if code >= HIGHEST:
        return ""
    digits = ""
    for _ in range(4):
        code, digit = divmod(code, len(DIGITS))
        digits += DIGITS[digit]
    return f"A{digits}"


NAMES: Final = BackfillSource(MISSING, STORE, as_stored)
