"""Alembic's entry; `common.db.migrations` does the work."""

import skeleton.models  # noqa: F401  # fills the metadata
from common.db.migrations import run_env
from skeleton.database import Base

run_env(Base.metadata)
