"""All SQL statements of a package of repositories."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ClauseElement


def statements_of(package: ModuleType) -> Iterator[tuple[str, Any]]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            for number, one in enumerate(value if isinstance(value, list | tuple) else [value]):
                is_part = isinstance(one, sa.Select) and not one.selected_columns
                if isinstance(one, sa.Executable) and isinstance(one, ClauseElement) and not is_part:
                    yield f"{found.name}.{name}[{number}]", one
