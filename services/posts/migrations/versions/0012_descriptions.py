"""posts have a short description

The default is a constant, so PostgreSQL does not rewrite the table, and the previous release may go on writing posts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("posts", sa.Column("description", sa.Text(), server_default="", nullable=False), if_not_exists=True)


def downgrade() -> None:
    op.drop_column("posts", "description")
