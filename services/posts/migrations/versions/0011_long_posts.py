"""an index of the long ones among the newest posts

A search scans a limited number of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_post_words_long",
            "post_words",
            ["published_at", "post_id"],
            postgresql_where=sa.text("octet_length(words::text) > 4000"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_post_words_long", table_name="post_words")
