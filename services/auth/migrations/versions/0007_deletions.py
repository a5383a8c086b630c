"""deletion of accounts: a deleted account has no address"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "deletions",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("erased", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_deletions_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_deletions")),
    )
    op.alter_column("accounts", "email", existing_type=sa.Text(), nullable=True)
    op.alter_column("accounts", "search", existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    op.drop_table("deletions")
    op.execute("DELETE FROM accounts WHERE email IS NULL")
    op.alter_column("accounts", "search", existing_type=sa.Text(), nullable=False)
    op.alter_column("accounts", "email", existing_type=sa.Text(), nullable=False)
