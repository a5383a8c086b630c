"""sessions say how their owner proved who they are; accounts may want a second proof

`second_factor` and `methods` have constant defaults, so PostgreSQL does not rewrite the tables. `confirmed_at` is empty
until a session's owner confirms again who they are. The previous release may go on writing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column("methods", postgresql.ARRAY(sa.Text()), server_default="{pwd}", nullable=False),
        if_not_exists=True,
    )
    op.add_column("sessions", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True), if_not_exists=True)
    op.add_column(
        "accounts",
        sa.Column("second_factor", sa.Boolean(), server_default=sa.false(), nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_column("accounts", "second_factor")
    op.drop_column("sessions", "confirmed_at")
    op.drop_column("sessions", "methods")
