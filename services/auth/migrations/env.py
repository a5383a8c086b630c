"""Alembic's entry; `common.db.migrations` does the work."""

import auth.models  # noqa: F401  # fills the metadata
from auth.database import Base
from common.db.migrations import run_env

run_env(Base.metadata)
