# file: only with posts
"""A slug for each post: the expand phase (docs/operations/migrations.md)."""

from alembic import op

revision = "9999"
down_revision = "BEFORE"
BATCH = 2000
FILL = """
WITH batch AS (SELECT id FROM posts WHERE id > $1 ORDER BY id LIMIT $2),
     filled AS (UPDATE posts SET slug = lower(title) FROM batch WHERE posts.id = batch.id AND slug IS NULL)
SELECT max(id) FROM batch
"""


def upgrade() -> None:
    # Without a default there is no rewrite, so the lock is short. Committed before the next steps, which may fail.
    op.execute("ALTER TABLE posts ADD COLUMN IF NOT EXISTS slug text")
    with op.get_context().autocommit_block():
        last = 0
        while last is not None:
            last = op.get_bind().exec_driver_sql(FILL, (last, BATCH)).scalar_one()
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_posts_slug ON posts (slug)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_posts_slug")
    op.execute("ALTER TABLE posts DROP COLUMN slug")
