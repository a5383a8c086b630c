"""profiles have the account's username

auth keeps usernames unique. Here they are a copy, so this index is not unique: two events may arrive in either order.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("profiles", sa.Column("username", sa.Text(), nullable=True), if_not_exists=True)
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_profiles_username",
            "profiles",
            [sa.text("lower(username)"), "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_profiles_username", table_name="profiles")
    op.drop_column("profiles", "username")
