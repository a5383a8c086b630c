"""acts of admins on parked events are in the audit trail once, however often their events arrive"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_audit_events_operation",
            "audit_events",
            [sa.text("(detail ->> 'event')")],
            unique=True,
            postgresql_where=sa.text("action IN ('event-replayed', 'event-dropped')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("uq_audit_events_operation", "audit_events")
