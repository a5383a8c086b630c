"""pictures"""

from alembic import op

from common.db.shared_tables import create_pictures

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    create_pictures()


def downgrade() -> None:
    op.drop_table("pictures")
