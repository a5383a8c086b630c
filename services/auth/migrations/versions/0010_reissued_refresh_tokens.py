"""a refresh token whose successor was lost may come again"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name in ("reissued_for", "reissued_as"):
        op.add_column("sessions", sa.Column(name, sa.Integer(), nullable=True), if_not_exists=True)


def downgrade() -> None:
    for name in ("reissued_as", "reissued_for"):
        op.drop_column("sessions", name)
