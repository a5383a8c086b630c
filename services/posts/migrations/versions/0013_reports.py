"""reports of posts and comments, and copies of what moderators remove"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

GUARDED = {"reports": ["reporter_id"], "removals": ["author_id", "moderator_id"]}
GUARD = """
    CREATE OR REPLACE TRIGGER {table}_not_of_the_erased BEFORE INSERT ON {table}
    FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION leave_out()
"""


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('open', 'dismissed')", name=op.f("ck_cases_status")),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_cases_decided_at")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_cases_post_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_cases_comment_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(
        "uq_cases_open",
        "cases",
        ["post_id", "comment_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_cases_status", "cases", ["status", "id"])
    op.create_index("ix_cases_post", "cases", ["post_id"])
    op.create_index("ix_cases_comment", "cases", ["comment_id"], postgresql_where=sa.text("comment_id IS NOT NULL"))
    op.create_index("ix_cases_decided", "cases", ["decided_at"], postgresql_where=sa.text("decided_at IS NOT NULL"))
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reports_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("reporter_id", "case_id", name=op.f("uq_reports_reporter_id_case_id")),
    )
    op.create_index("ix_reports_case", "reports", ["case_id", "id"])
    op.create_table(
        "removals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("moderator_id", sa.BigInteger(), nullable=True),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removals")),
    )
    op.create_index("ix_removals_author", "removals", ["author_id", "id"])
    op.create_index("ix_removals_moderator", "removals", ["moderator_id"])
    op.create_index("ix_removals_removed_at", "removals", ["removed_at"])
    for table, columns in GUARDED.items():
        op.execute(GUARD.format(table=table, condition=" OR ".join(f"is_erased(NEW.{column})" for column in columns)))


def downgrade() -> None:
    for table in ("removals", "reports", "cases"):
        op.drop_table(table)
