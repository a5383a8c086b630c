"""Alembic's entry; `common.migrations` does the work."""

import auth.models  # noqa: F401  # fills the metadata
from auth.database import Base
from common.migrations import run_env

run_env(Base.metadata)
