"""the shared tables, and members"""

import sqlalchemy as sa
from alembic import op

from common.db.shared_tables import create_shared_tables, drop_shared_tables, leave_out_the_erased

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_shared_tables()
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    leave_out_the_erased("members", "id")


def downgrade() -> None:
    op.drop_table("members")
    drop_shared_tables()
