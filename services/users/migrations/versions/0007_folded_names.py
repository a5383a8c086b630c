"""names as the service folds them, by the same rule as posts' texts

Until now PostgreSQL folded them (`profiles.search`), and its index ignored letters that the cluster's locale does not
know. The previous release still uses that column, so it stays. The next release drops it, `search_form`,
`search_pattern` and unaccent. Names that the previous release writes are filled by this one's processes.
Locks last only for a moment. A million names take some minutes.
"""

import sqlalchemy as sa
from alembic import op

from users.repositories.names import as_stored  # by today's rule: one that changes folds everything again

revision = "0007"
down_revision = "0006"
BATCH = 1000

CLEAR = """
CREATE OR REPLACE FUNCTION clear_folded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.folded := NULL;
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE OR REPLACE TRIGGER clear_folded BEFORE UPDATE OF name ON profiles
FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION clear_folded()
"""
NEXT = "SELECT id, name FROM profiles WHERE folded IS NULL AND id > $1 ORDER BY id LIMIT $2"
# not rows that have changed since they were read
FILL = """
UPDATE profiles SET folded = made FROM unnest($1::bigint[], $2::text[], $3::text[]) AS new (id, mark, made)
WHERE profiles.id = new.id AND name = mark AND folded IS NULL
"""


def upgrade() -> None:
    op.add_column("profiles", sa.Column("folded", sa.Text(), nullable=True), if_not_exists=True)
    op.execute(CLEAR)
    op.execute(TRIGGER)
    with op.get_context().autocommit_block():
        fill()
        op.create_index(
            "ix_profiles_folded",
            "profiles",
            ["folded"],
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
            postgresql_with={"gin_pending_list_limit": 256},
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_profiles_not_folded",
            "profiles",
            ["id"],
            postgresql_where=sa.text("folded IS NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def fill() -> None:
    connection, last = op.get_bind(), 0
    while found := connection.exec_driver_sql(NEXT, (last, BATCH)).all():
        ids, names = [row.id for row in found], [row.name for row in found]
        connection.exec_driver_sql(FILL, (ids, names, list(map(as_stored, names))))
        last = ids[-1]


def downgrade() -> None:
    op.drop_index("ix_profiles_not_folded", "profiles")
    op.drop_index("ix_profiles_folded", "profiles")
    op.execute("DROP TRIGGER clear_folded ON profiles")
    op.execute("DROP FUNCTION clear_folded")
    op.drop_column("profiles", "folded")
