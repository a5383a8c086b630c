"""a refresh token may be repeated if its successor was lost"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name in ("reissued_for", "reissued_as"):
        op.add_column("sessions", sa.Column(name, sa.Integer(), nullable=True), if_not_exists=True)
    op.add_column("sessions", sa.Column("reissued_at", sa.DateTime(timezone=True), nullable=True), if_not_exists=True)
    reissues = sa.Column("reissues", sa.SmallInteger(), server_default="0", nullable=False)
    op.add_column("sessions", reissues, if_not_exists=True)


def downgrade() -> None:
    for name in ("reissues", "reissued_at", "reissued_as", "reissued_for"):
        op.drop_column("sessions", name)
