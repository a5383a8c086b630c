"""pictures"""

from alembic import op

from common.db.shared_tables import create_pictures

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    create_pictures()


def downgrade() -> None:
    op.drop_table("pictures")
