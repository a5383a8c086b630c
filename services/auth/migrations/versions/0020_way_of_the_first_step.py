"""by which way a sign-in that waits for its second factor has begun"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("sign_in_challenges", sa.Column("via", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_in_challenges", "via")
