"""Alembic's entry; `common.migrations` does the work."""

import posts.models  # noqa: F401  # fills the metadata
from common.migrations import run_env
from posts.database import Base

run_env(Base.metadata)
