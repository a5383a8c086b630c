"""Rows for measurements of lists, with exact shares of words, tags and authors: a million in half a minute.

All other measurements use the world of `make seed`.
"""

from typing import Final

import asyncpg

MANY: Final = 1_000_000
FEW: Final = 1_000

FILL_POSTS: Final = """
INSERT INTO posts (author_id, title, body, tags, status, created_at, updated_at, published_at)
SELECT 1 + n % 1000,
       'Post ' || n || CASE WHEN n % 2 = 0 THEN ' second' ELSE '' END || CASE WHEN n % 2 = 1 THEN ' other' ELSE '' END
                    || CASE WHEN n % 100 = 0 THEN ' hundredth' ELSE '' END
                    || CASE WHEN n % 10000 = 0 THEN ' tenthousandth' ELSE '' END,
       repeat('It was a clear night. ', 10),
       CASE WHEN n % 10 = 0 THEN ARRAY['astronomy'] WHEN n % 1000 = 1 THEN ARRAY['comets'] ELSE '{}' END
           || CASE WHEN n % 3 = 1 THEN ARRAY['unliked'] ELSE '{}' END,
       'published', at, at, at
FROM generate_series(1, $1::bigint) AS n,
     LATERAL (SELECT timestamptz '2025-01-01' + n * interval '7 seconds' AS at) AS time
"""
# The same as the service's words: PostgreSQL's own rules split these texts equally.
FILL_WORDS: Final = """
INSERT INTO post_words (post_id, author_id, published_at, words)
SELECT id, author_id, published_at, to_tsvector('simple', title || ' ' || body) FROM posts ORDER BY id
"""
FILL_REST: Final = """
INSERT INTO post_stats (post_id, likes_count, comments_count)
SELECT id, CASE WHEN 'unliked' = ANY (tags) THEN 0 ELSE id * 7919 % 1009 END, id % 7 FROM posts;
INSERT INTO post_tags (post_id, tag, published_at) SELECT id, unnest(tags), published_at FROM posts;
INSERT INTO tags (name, posts_count) SELECT tag, count(*) FROM post_tags GROUP BY 1;
INSERT INTO author_stats (author_id, posts_count) SELECT author_id, count(*) FROM posts GROUP BY 1;
INSERT INTO authors (id, name, version) SELECT n, 'Author ' || n, 1 FROM generate_series(1, 1000) AS n;
"""


# 50,000 letters without repeated words: about the most bytes of words that a post can have.
FILL_LONGEST: Final = """
INSERT INTO posts (author_id, title, body, status, published_at)
SELECT 1, 'Longest', (SELECT string_agg(md5(n || '.' || k), ' ') FROM generate_series(1, 1515) AS k), 'published', now()
FROM generate_series(1, $1::bigint) AS n
"""
MAKE_WORDS: Final = """
UPDATE post_words SET words = to_tsvector('simple', title || ' ' || body) FROM posts
WHERE id = post_id AND post_words.words IS NULL
"""


async def fill_longest(dsn: str, count: int) -> None:
    """Insert so many of the longest posts, newer than all others."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(FILL_LONGEST, count)
    await connection.execute(MAKE_WORDS)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def fill_posts(dsn: str, count: int) -> None:
    """As superuser, since the timeout of a service's own role is too short."""
    connection = await asyncpg.connect(dsn)
    indexes = ("ix_posts_words", "ix_post_words_words")  # created at once, they take a fraction of the time
    made = [await connection.fetchval("SELECT pg_get_indexdef($1::text::regclass)", index) for index in indexes]
    await connection.execute(f"DROP INDEX {', '.join(indexes)}")
    await connection.execute("ALTER TABLE posts DISABLE TRIGGER note_missing_words")
    await connection.execute(FILL_POSTS, count)
    await connection.execute("ALTER TABLE posts ENABLE TRIGGER note_missing_words")
    await connection.execute(FILL_WORDS)
    for index in made:
        await connection.execute(index)
    await connection.execute(FILL_REST)
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    await connection.close()
