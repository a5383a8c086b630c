"""words of posts as the service makes them, in a table of their own

Until now PostgreSQL made them (`posts.words`), which depended on its version and the cluster's locale. The previous
release still uses that column, so it stays; the next release drops it. The trigger marks words as missing if the
previous release writes a post, and this one's processes fill them.
No row of `posts` is written, and locks on it last only for a moment. A million posts take some minutes.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from posts.repositories.words import as_tsvector  # by today's rule: one that changes folds everything again

revision = "0010"
down_revision = "0009"
BATCH = 500

# If a post is written together with its words, they exist when this fires, and it leaves them.
NOTE = """
CREATE OR REPLACE FUNCTION note_missing_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.post_words AS noted (post_id, author_id, published_at)
    VALUES (NEW.id, NEW.author_id, NEW.published_at)
    ON CONFLICT (post_id) DO UPDATE SET words = NULL, cleared = noted.cleared + 1 WHERE TG_OP = 'UPDATE';
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE OR REPLACE TRIGGER note_missing_words AFTER INSERT OR UPDATE OF title, body, status ON posts
FOR EACH ROW WHEN (NEW.status = 'published') EXECUTE FUNCTION note_missing_words()
"""
# Posts that were published before the trigger existed. Looked up one by one: with NOT EXISTS, PostgreSQL may read all
# words for each batch.
NEXT = """
SELECT id, title, body FROM posts
WHERE status = 'published' AND id > $1 AND (SELECT true FROM post_words WHERE post_id = id) IS NULL
ORDER BY id LIMIT $2
"""
# Skips posts that were deleted since they were read, and changed ones, which have a row already, with missing words.
# A deletion waits for the rows of this batch meanwhile, some hundredths of a second.
FILL = """
WITH there AS (
    SELECT id, author_id, published_at FROM posts WHERE id = ANY ($1::bigint[]) ORDER BY id FOR KEY SHARE
)
INSERT INTO post_words (post_id, author_id, published_at, words)
SELECT id, author_id, published_at, made::tsvector FROM unnest($1::bigint[], $2::text[]) AS new (id, made)
JOIN there USING (id) ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "post_words",
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=True),
        sa.Column("cleared", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_words_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_post_words")),
        if_not_exists=True,
    )
    op.execute(NOTE)
    op.execute(TRIGGER)
    op.execute("ALTER INDEX ix_posts_words SET (gin_pending_list_limit = 256)")  # see `PostWords`
    with op.get_context().autocommit_block():
        fill()
        for name, columns, options in (
            ("ix_post_words_newest", ["published_at", "post_id"], {}),
            ("ix_post_words_by_author", ["author_id", "published_at", "post_id"], {}),
            (
                "ix_post_words_words",
                ["words"],
                {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": 256}},
            ),
            ("ix_post_words_missing", ["post_id"], {"postgresql_where": sa.text("words IS NULL")}),
        ):
            op.create_index(name, "post_words", columns, if_not_exists=True, postgresql_concurrently=True, **options)


def fill() -> None:
    connection, last = op.get_bind(), 0
    while found := connection.exec_driver_sql(NEXT, (last, BATCH)).all():
        ids, made = [row.id for row in found], [as_tsvector(row.title, row.body) for row in found]
        connection.exec_driver_sql(FILL, (ids, made))
        last = ids[-1]


def downgrade() -> None:
    op.execute("ALTER INDEX ix_posts_words RESET (gin_pending_list_limit)")
    op.execute("DROP TRIGGER note_missing_words ON posts")
    op.execute("DROP FUNCTION note_missing_words")
    op.drop_table("post_words")
