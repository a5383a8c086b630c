"""The words by which posts are found, as PostgreSQL stores and compares them.

Documents and queries are written out here, without PostgreSQL's parser, dictionaries or locale. So a text has the same
words on every server.
A change of a post writes its words in the same transaction. Other writers, such as the previous release during a
rollout, leave them NULL by a trigger (migration 0010), and `Backfill` makes them.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from common.db.backfill import BackfillSource
from posts.services.words import Query, Term, words_of

MOST_PLACES: Final = 255
"""Limits of a tsvector: places per word, and the last place. Beyond them words are found, but phrases are not."""
LAST_PLACE: Final = 16_383

MISSING: Final = text("""
    SELECT post_id AS id, cleared AS mark, title, body FROM post_words JOIN posts ON posts.id = post_id
    WHERE post_words.words IS NULL AND post_id > :after ORDER BY post_id LIMIT :most
""")
# Only if the text has not changed since it was read: the trigger counts changes. Locked rows are left for the next
# round: otherwise this and a deletion of many posts could deadlock.
STORE: Final = text("""
    WITH free AS (
        SELECT post_id FROM post_words WHERE post_id = ANY (CAST(:ids AS bigint[])) AND words IS NULL
        FOR UPDATE SKIP LOCKED
    )
    UPDATE post_words SET words = CAST(made AS tsvector)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:marks AS int[]), CAST(:made AS text[])) AS new (id, mark, made)
    JOIN free ON free.post_id = new.id
    WHERE post_words.post_id = new.id AND cleared = mark AND words IS NULL
""")
OF_POST: Final = text("SELECT title, body FROM posts WHERE id = :post AND status = 'published'")
WRITE: Final = text("UPDATE post_words SET words = CAST(:made AS tsvector) WHERE post_id = :post")


def as_tsvector(title: str, body: str) -> str:
    """All words of a post, in the text form of a tsvector."""
    return " ".join(
        f"'{word}':{','.join(map(str, places_in_tsvector(places)))}"
        for word, places in words_of(f"{title}\n{body}").items()
    )


def places_in_tsvector(places: Sequence[int]) -> Sequence[int]:
    kept = places[:MOST_PLACES]
    return kept if kept[-1] <= LAST_PLACE else [min(place, LAST_PLACE) for place in kept]


def as_tsquery(query: Query) -> str:
    """A query, in the text form of a tsquery. Words hold no special characters, so nothing needs escaping."""
    return " | ".join(f"({' & '.join(map(term_as_tsquery, terms))})" for terms in query)


def term_as_tsquery(term: Term) -> str:
    written, place = "", 0
    for word in term.words:
        side_by_side = f" <{word.place - place}> " if written else ""
        written += f"{side_by_side}'{word.text}'{':*' * word.is_beginning}"
        place = word.place
    return f"!({written})" if term.is_excluded else f"({written})"


WORDS: Final = BackfillSource(MISSING, STORE, as_tsvector)
