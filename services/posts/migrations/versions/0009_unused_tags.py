"""an index of unused tags, which are deleted when somebody is erased"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_tags_unused",
            "tags",
            ["name"],
            postgresql_where=sa.text("posts_count = 0"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_tags_unused", "tags")
