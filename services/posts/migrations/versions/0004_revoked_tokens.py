"""revoked tokens, and auth's keys as last known"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_ended_sessions")),
    )
    op.create_index(op.f("ix_ended_sessions_noted_at"), "ended_sessions", ["noted_at"], unique=False)
    op.create_table(
        "known_keys",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_known_keys")),
    )
    op.create_table(
        "token_floors",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_token_floors")),
    )
    op.create_index(op.f("ix_token_floors_noted_at"), "token_floors", ["noted_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_token_floors_noted_at"), table_name="token_floors")
    op.drop_table("token_floors")
    op.drop_table("known_keys")
    op.drop_index(op.f("ix_ended_sessions_noted_at"), table_name="ended_sessions")
    op.drop_table("ended_sessions")
