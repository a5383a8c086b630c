"""removals by moderators are in the audit trail once, however often their events arrive"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_audit_events_event",
            "audit_events",
            [sa.text("(detail ->> 'event')")],
            unique=True,
            postgresql_where=sa.text("action = 'content-removed'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("uq_audit_events_event", "audit_events")
