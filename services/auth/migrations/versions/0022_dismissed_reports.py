"""dismissals of reports are in the audit trail once, however often their events arrive"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_audit_events_dismissal",
            "audit_events",
            [sa.text("(detail ->> 'event')")],
            unique=True,
            postgresql_where=sa.text("action = 'reports-dismissed'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("uq_audit_events_dismissal", "audit_events")
