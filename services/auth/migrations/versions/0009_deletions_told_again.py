"""deletions without a request, the time of their last event, and stored answers to sign-ups by account"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.alter_column("deletions", "asked_at", existing_type=sa.DateTime(timezone=True), nullable=True)
    op.add_column(
        "deletions",
        sa.Column("told_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    )
    op.create_index(
        "ix_idempotency_keys_by_sign_up",
        "idempotency_keys",
        [sa.text("(headers ->> 'Location')")],
        postgresql_where=sa.text("subject = 'anonymous'"),
    )


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_by_sign_up", "idempotency_keys")
    op.drop_column("deletions", "told_at")
    op.execute("DELETE FROM deletions WHERE asked_at IS NULL")
    op.alter_column("deletions", "asked_at", existing_type=sa.DateTime(timezone=True), nullable=False)
