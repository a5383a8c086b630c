"""deleted people are erased, and nothing brings them back"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

GUARDED = {
    "posts": ["author_id"],
    "comments": ["author_id"],
    "likes": ["account_id"],
    "author_stats": ["author_id"],
    "authors": ["id"],
    "follows": ["follower_id", "followee_id"],
    "blocks": ["blocker_id", "blocked_id"],
}
INDEXES = {
    "ix_follows_followee": ("follows", ["followee_id", "follower_id"]),
    "ix_blocks_blocked": ("blocks", ["blocked_id", "blocker_id"]),
}
# The transaction gets a number before it looks, and looks in a snapshot of its own. So the eraser can wait for every
# transaction that does not see the row (`common.events.erasure`).
IS_ERASED = """
    CREATE OR REPLACE FUNCTION is_erased(account bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    DECLARE number xid8;
    BEGIN
        number := pg_current_xact_id();
        RETURN EXISTS (SELECT FROM public.erased WHERE account_id = account);
    END $$
"""
LEAVE_OUT = """
    CREATE OR REPLACE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$
"""
GUARD = """
    CREATE OR REPLACE TRIGGER {table}_not_of_the_erased BEFORE INSERT ON {table}
    FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION leave_out()
"""


def upgrade() -> None:
    op.alter_column("comments", "author_id", existing_type=sa.BigInteger(), nullable=True)
    op.create_table(
        "erased",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_erased")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_erased_pending",
        "erased",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
        if_not_exists=True,
    )
    op.execute(IS_ERASED)
    op.execute(LEAVE_OUT)
    for table, columns in GUARDED.items():
        op.execute(GUARD.format(table=table, condition=" OR ".join(f"is_erased(NEW.{column})" for column in columns)))
    with op.get_context().autocommit_block():
        for name, (table, columns) in INDEXES.items():
            op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
    for table in GUARDED:
        op.execute(f"DROP TRIGGER {table}_not_of_the_erased ON {table}")
    op.execute("DROP FUNCTION leave_out()")
    op.execute("DROP FUNCTION is_erased(bigint)")
    op.drop_index("ix_erased_pending", table_name="erased", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_table("erased")
    op.execute("DELETE FROM comments WHERE author_id IS NULL")
    op.alter_column("comments", "author_id", existing_type=sa.BigInteger(), nullable=False)
