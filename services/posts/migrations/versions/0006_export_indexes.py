"""indexes of an account's comments and likes"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns in (
            ("ix_comments_by_author", "comments", ["author_id", "id"]),
            ("ix_likes_by_account", "likes", ["account_id", "post_id"]),
        ):
            op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_index("ix_likes_by_account", table_name="likes")
    op.drop_index("ix_comments_by_author", table_name="comments")
