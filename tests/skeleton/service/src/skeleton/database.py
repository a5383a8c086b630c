"""skeleton' tables and migrations. `common.db.database.Database` makes engines and sessions."""

from pathlib import Path
from typing import Final

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from common.db.database import NAMING

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


class Base(DeclarativeBase):
    """Base of skeleton' models."""

    metadata = MetaData(naming_convention=NAMING)
