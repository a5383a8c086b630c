"""Alembic's entry; `common.migrations` does the work."""

import users.models  # noqa: F401  # fills the metadata
from common.migrations import run_env
from users.database import Base

run_env(Base.metadata)
