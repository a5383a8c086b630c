"""profiles and follows"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "profiles",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bio", sa.Text(), server_default="", nullable=False),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("followers_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("following_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("account_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("followers_count >= 0 AND following_count >= 0", name=op.f("ck_profiles_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "follows",
        sa.Column("follower_id", sa.BigInteger(), nullable=False),
        sa.Column("followee_id", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("follower_id <> followee_id", name=op.f("ck_follows_not_self")),
        sa.ForeignKeyConstraint(["followee_id"], ["profiles.id"], name=op.f("fk_follows_followee_id")),
        sa.ForeignKeyConstraint(["follower_id"], ["profiles.id"], name=op.f("fk_follows_follower_id")),
        sa.PrimaryKeyConstraint("follower_id", "followee_id", name=op.f("pk_follows")),
    )
    op.create_index(
        "ix_follows_followers",
        "follows",
        ["followee_id", "since", "follower_id"],
        unique=False,
        postgresql_where=sa.text("active"),
    )
    op.create_index(
        "ix_follows_following",
        "follows",
        ["follower_id", "since", "followee_id"],
        unique=False,
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_index("ix_follows_following", table_name="follows", postgresql_where=sa.text("active"))
    op.drop_index("ix_follows_followers", table_name="follows", postgresql_where=sa.text("active"))
    op.drop_table("follows")
    op.drop_table("profiles")
