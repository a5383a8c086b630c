"""search, top, tags with counts, blocks

Adding `words` rewrites the table under its lock: a minute for a million posts. That, and its indexes, would not be
allowed now (docs/operations/migrations.md); it came before the first release, when there were no users.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

WORDS = (
    "to_tsvector('simple', left(normalize(regexp_replace(normalize(title || ' ' || body, NFD), "
    r"'[\u0300-\u036f]+', '', 'g'), NFC), 60000))"
)


def upgrade() -> None:
    op.add_column(
        "posts", sa.Column("words", postgresql.TSVECTOR(), sa.Computed(WORDS, persisted=True), nullable=False)
    )
    op.create_index(
        "ix_posts_words",
        "posts",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("status = 'published'"),
    )
    op.execute("DELETE FROM post_stats USING posts WHERE posts.id = post_stats.post_id AND posts.status = 'draft'")
    op.create_index("ix_post_stats_top", "post_stats", ["likes_count", "post_id"], unique=False)
    op.create_table(
        "tags",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("posts_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tags")),
    )
    op.create_index(
        "ix_tags_most_used", "tags", ["posts_count", "id"], unique=False, postgresql_where=sa.text("posts_count > 0")
    )
    op.execute("INSERT INTO tags (name, posts_count) SELECT tag, count(*) FROM post_tags GROUP BY tag")
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.BigInteger(), nullable=False),
        sa.Column("blocked_id", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )


def downgrade() -> None:
    op.drop_table("blocks")
    op.drop_index("ix_tags_most_used", table_name="tags", postgresql_where=sa.text("posts_count > 0"))
    op.drop_table("tags")
    op.drop_index("ix_post_stats_top", table_name="post_stats")
    op.execute("INSERT INTO post_stats (post_id) SELECT id FROM posts WHERE status = 'draft'")
    op.drop_index("ix_posts_words", table_name="posts", postgresql_where=sa.text("status = 'published'"))
    op.drop_column("posts", "words")
