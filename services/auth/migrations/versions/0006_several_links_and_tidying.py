"""several links may be valid at once; indexes for retention"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ONE_LINK = "uq_one_time_tokens_account_id_purpose"


def upgrade() -> None:
    op.drop_constraint(op.f(ONE_LINK), "one_time_tokens", type_="unique")
    op.create_index(
        op.f("ix_one_time_tokens_account_id_purpose"), "one_time_tokens", ["account_id", "purpose"], unique=False
    )
    op.create_index(
        "ix_sessions_ended_at", "sessions", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL"), unique=False
    )
    op.create_index(op.f("ix_sessions_created_at"), "sessions", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sessions_created_at"), table_name="sessions")
    op.drop_index("ix_sessions_ended_at", table_name="sessions")
    op.drop_index(op.f("ix_one_time_tokens_account_id_purpose"), table_name="one_time_tokens")
    op.execute("TRUNCATE one_time_tokens")  # the rule before allows one link each
    op.create_unique_constraint(op.f(ONE_LINK), "one_time_tokens", ["account_id", "purpose"])
