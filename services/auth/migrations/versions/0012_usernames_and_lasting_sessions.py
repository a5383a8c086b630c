"""accounts may have a unique username; sessions know for which client they were opened

Both defaults are constants, so PostgreSQL does not rewrite the tables, and the previous release may go on writing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("username", sa.Text(), nullable=True), if_not_exists=True)
    op.add_column(
        "sessions", sa.Column("client", sa.Text(), server_default="trivium", nullable=False), if_not_exists=True
    )
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_accounts_username",
            "accounts",
            [sa.text("lower(username)")],
            unique=True,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("uq_accounts_username", table_name="accounts")
    op.drop_column("sessions", "client")
    op.drop_column("accounts", "username")
