"""the time since which each event of the outbox waits

Two defaults: the first is the same for all rows, so that no row is rewritten; each later row gets its own time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "outbox", sa.Column("waiting_since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
    )
    op.alter_column("outbox", "waiting_since", server_default=sa.text("clock_timestamp()"))


def downgrade() -> None:
    op.drop_column("outbox", "waiting_since")
