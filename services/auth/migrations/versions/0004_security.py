"""revoked tokens, roles, audit trail, sign-in throttle, one-time tokens"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

AUDIT_FILTERS = ("account_id", "action", "actor")
# The service's role may not change triggers, so not even an injected statement could rewrite the trail.
ADD_ONLY = (
    """
    CREATE FUNCTION refuse_to_change_audit_events() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END$$
    """,
    """
    CREATE TRIGGER audit_events_add_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit_events()
    """,
)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")  # trusted: the owner may create it
    op.create_check_constraint(op.f("ck_accounts_roles"), "accounts", "roles <@ ARRAY['moderator', 'admin']")
    op.add_column(
        "accounts",
        sa.Column(
            "search", sa.Text(), sa.Computed("lower(name || ' '::text || email)", persisted=True), nullable=False
        ),
    )
    op.create_index(
        "ix_accounts_search",
        "accounts",
        ["search"],
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_index("ix_accounts_with_roles", "accounts", ["id"], postgresql_where=sa.text("roles <> '{}'"))
    op.create_index("ix_accounts_not_active", "accounts", ["id"], postgresql_where=sa.text("status <> 'active'"))
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    for column in AUDIT_FILTERS:
        op.create_index(f"ix_audit_events_{column}_at_id", "audit_events", [column, "at", "id"], unique=False)
    op.create_index("ix_audit_events_at_id", "audit_events", ["at", "id"], unique=False)
    for statement in ADD_ONLY:
        op.execute(statement)
    op.create_table(
        "ended_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_ended_sessions")),
    )
    op.create_index(op.f("ix_ended_sessions_noted_at"), "ended_sessions", ["noted_at"], unique=False)
    op.create_table(
        "sign_in_addresses",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_sign_in_addresses")),
    )
    op.create_index(op.f("ix_sign_in_addresses_kept_until"), "sign_in_addresses", ["kept_until"], unique=False)
    op.create_table(
        "sign_in_sources",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", "source", name=op.f("pk_sign_in_sources")),
    )
    op.create_index(op.f("ix_sign_in_sources_kept_until"), "sign_in_sources", ["kept_until"], unique=False)
    op.create_table(
        "token_floors",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_token_floors")),
    )
    op.create_index(op.f("ix_token_floors_noted_at"), "token_floors", ["noted_at"], unique=False)
    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "purpose IN ('verify-email', 'password-reset', 'email-change')", name=op.f("ck_one_time_tokens_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_one_time_tokens_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_tokens")),
        sa.UniqueConstraint("account_id", "purpose", name=op.f("uq_one_time_tokens_account_id_purpose")),
    )
    op.add_column("signing_keys", sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("signing_keys", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_signing_keys_one_next",
        "signing_keys",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'next'"),
    )
    op.execute("UPDATE signing_keys SET activated_at = created_at WHERE state = 'active'")


def downgrade() -> None:
    op.drop_index("uq_signing_keys_one_next", table_name="signing_keys")
    op.drop_column("signing_keys", "retired_at")
    op.drop_column("signing_keys", "activated_at")
    op.drop_table("one_time_tokens")
    op.drop_index(op.f("ix_token_floors_noted_at"), table_name="token_floors")
    op.drop_table("token_floors")
    op.drop_index(op.f("ix_sign_in_sources_kept_until"), table_name="sign_in_sources")
    op.drop_table("sign_in_sources")
    op.drop_index(op.f("ix_sign_in_addresses_kept_until"), table_name="sign_in_addresses")
    op.drop_table("sign_in_addresses")
    op.drop_index(op.f("ix_ended_sessions_noted_at"), table_name="ended_sessions")
    op.drop_table("ended_sessions")
    op.drop_table("audit_events")
    op.execute("DROP FUNCTION refuse_to_change_audit_events")
    for name in ("ix_accounts_with_roles", "ix_accounts_not_active", "ix_accounts_search"):
        op.drop_index(name, table_name="accounts")
    op.drop_column("accounts", "search")
    op.drop_constraint(op.f("ck_accounts_roles"), "accounts")
    op.execute("DROP EXTENSION pg_trgm")
