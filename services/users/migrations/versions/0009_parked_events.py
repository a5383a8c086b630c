"""parked events are found without reading the whole outbox"""

from alembic import op

from common.db.shared_tables import index_parked_events

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    index_parked_events()


def downgrade() -> None:
    op.drop_index("ix_outbox_parked", "outbox")
