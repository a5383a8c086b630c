"""The first migration of a new service: the tables of shared mechanisms, and what keeps deleted accounts away.

Migrations that have run must not change their meaning. So these functions stay as they are: a later change of a shared
table is a function of its own here, which each service calls in a migration of its own.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

NOW: Final = sa.text("clock_timestamp()")
PENDING: Final = sa.text("finished_at IS NULL")
DUE: Final = sa.text("parked_at IS NULL")
PARKED: Final = sa.text("parked_at IS NOT NULL")
# The transaction gets a number before it looks, and looks in a snapshot of its own. So the eraser can wait for every
# transaction that does not see the row (`common.events.erasure`).
IS_ERASED: Final = """
    CREATE FUNCTION is_erased(account bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    DECLARE number xid8;
    BEGIN
        number := pg_current_xact_id();
        RETURN EXISTS (SELECT FROM public.erased WHERE account_id = account);
    END $$
"""
LEAVE_OUT: Final = "CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
GUARD: Final = """
    CREATE TRIGGER {table}_not_of_the_erased BEFORE INSERT ON {table}
    FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION leave_out()
"""
TABLES: Final = ("outbox", "ended_sessions", "token_floors", "known_keys", "erased")


def moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW, nullable=False)


def create_shared_tables() -> None:
    """As the models in `models/shared.py` describe them."""
    op.create_table(
        "outbox",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        moment("occurred_at"),
        moment("next_at"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text()),
        moment("waiting_since"),
        sa.PrimaryKeyConstraint("target", "type", "subject", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due", "outbox", ["target", "next_at"], postgresql_where=DUE)
    op.create_table(
        "ended_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        moment("noted_at"),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_ended_sessions")),
    )
    op.create_table(
        "token_floors",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        moment("noted_at"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_token_floors")),
    )
    for table in ("ended_sessions", "token_floors"):
        op.create_index(op.f(f"ix_{table}_noted_at"), table, ["noted_at"])
    op.create_table(
        "known_keys",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("keys", JSONB(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_known_keys")),
    )
    op.create_table(
        "erased",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        moment("erased_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_erased")),
    )
    op.create_index("ix_erased_pending", "erased", ["account_id"], postgresql_where=PENDING)
    op.execute(IS_ERASED)
    op.execute(LEAVE_OUT)


def index_parked_events() -> None:
    """For admins' lists. Built beside requests, so in a migration of its own."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_outbox_parked",
            "outbox",
            ["parked_at"],
            postgresql_where=PARKED,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def create_pictures() -> None:
    """As `common.pictures.rows` describes them."""
    op.create_table(
        "pictures",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("bytes", sa.Integer()),
        moment("created_at"),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("check_at", sa.DateTime(timezone=True)),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pictures")),
    )
    op.create_index("ix_pictures_account", "pictures", ["account_id", "name"])
    op.create_index("ix_pictures_check_at", "pictures", ["check_at"], postgresql_where=sa.text("removed_at IS NULL"))
    op.create_index(
        "ix_pictures_removed_at", "pictures", ["removed_at"], postgresql_where=sa.text("removed_at IS NOT NULL")
    )
    leave_out_the_erased("pictures", "account_id")


def drop_shared_tables() -> None:
    """After all tables that `leave_out_the_erased` guards."""
    op.execute("DROP FUNCTION leave_out()")
    op.execute("DROP FUNCTION is_erased(bigint)")
    for table in TABLES:
        op.drop_table(table)


def leave_out_the_erased(table: str, *columns: str) -> None:
    """Discard inserts into a table for accounts that were deleted; the columns hold ids of accounts."""
    condition = " OR ".join(f"is_erased(NEW.{column})" for column in columns)
    op.execute(GUARD.format(table=table, condition=condition))
