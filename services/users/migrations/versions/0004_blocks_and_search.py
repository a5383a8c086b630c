"""blocks, and the search for names

This adds `search` and its index under the table's lock. That would not be allowed now
(docs/operations/migrations.md); it came before the first release, when there were no users.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# Both extensions are trusted since PostgreSQL 13: the owner of a database may create them in it.
EXTENSIONS = ("unaccent", "pg_trgm")

# The compared form of a name: without case, accents and compatibility forms, and with a space before each word, also
# the first. unaccent() is only STABLE because its rules could be edited; a release of PostgreSQL does not change them
# under an index without a notice. NFKD removes the marks of letters that its rules do not list.
SEARCH_FORM = r"""
CREATE FUNCTION search_form(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ' ' || lower(public.unaccent(
    'public.unaccent'::regdictionary, regexp_replace(normalize(name, NFKD), '[\u0300-\u036F]', '', 'g')
))
"""
# The LIKE pattern for a word of a query: anywhere in a name, or, if it is too short for the index (less than three
# letters), where a word of the name begins. LIKE's own characters are escaped (S-37).
SEARCH_PATTERN = r"""
CREATE FUNCTION search_pattern(word text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE WHEN form ~ '^[[:alnum:]]{1,2}$' THEN '% ' || form || '%'
                WHEN form <> '' THEN '%' || regexp_replace(form, '([\\%_])', '\\\1', 'g') || '%' END
    FROM substr(search_form(word), 2) AS form
)
"""


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public")
    op.execute(SEARCH_FORM)
    op.execute(SEARCH_PATTERN)
    op.add_column(
        "profiles",
        sa.Column("search", sa.Text(), sa.Computed("search_form(name)", persisted=True), nullable=False),
    )
    op.create_index(
        "ix_profiles_search",
        "profiles",
        ["search"],
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.BigInteger(), nullable=False),
        sa.Column("blocked_id", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("blocker_id <> blocked_id", name=op.f("ck_blocks_not_self")),
        sa.ForeignKeyConstraint(["blocked_id"], ["profiles.id"], name=op.f("fk_blocks_blocked_id")),
        sa.ForeignKeyConstraint(["blocker_id"], ["profiles.id"], name=op.f("fk_blocks_blocker_id")),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )
    op.create_index(
        "ix_blocks_blocked",
        "blocks",
        ["blocker_id", "since", "blocked_id"],
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_index("ix_blocks_blocked", table_name="blocks", postgresql_where=sa.text("active"))
    op.drop_table("blocks")
    op.drop_index("ix_profiles_search", table_name="profiles", postgresql_using="gin")
    op.drop_column("profiles", "search")
    op.execute("DROP FUNCTION search_pattern(text)")
    op.execute("DROP FUNCTION search_form(text)")
    for extension in EXTENSIONS:
        op.execute(f"DROP EXTENSION {extension}")
