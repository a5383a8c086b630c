"""accounts may have a language, for mails

The column is null by default, so PostgreSQL does not rewrite the table, and the previous release may go on writing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("locale", sa.String(35), nullable=True), if_not_exists=True)


def downgrade() -> None:
    op.drop_column("accounts", "locale")
