"""Columns with data about an account, their place in its export, and the data that remain after its deletion.

A new table or column fails `tests/test_personal_data.py` until the service's `personal_data.py` lists it, and the
service's own tests of export and erasure until both match that list. Each exception has its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final


@dataclass(frozen=True)
class Personal:
    """A table with rows about an account."""

    rows: str
    """The condition that selects an account's rows; `$1` is its id."""
    exported: Mapping[str, str] = field(default_factory=dict)
    """Column -> `section.field` of this service's part of the export; of several sections, any."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Column -> why it is not in the export."""
    kept: str | None = None
    """Why its rows outlive the account; None if they must not."""

    @property
    def columns(self) -> set[str]:
        return {*self.exported, *self.left_out}


OUTBOX: Final = "news on its way, which its receivers hold"
MECHANISM: Final = "no person's"
COPY: Final = "a copy of what users exports"
COUNTER: Final = "says only how often the row was changed"
SECRET: Final = "lets somebody in, or tries it"
HASHED: Final = "known by a hash of an address only, and forgotten by the retention within 30 days"
PICTURES: Final = Personal(
    "account_id = $1 AND removed_at IS NULL",
    {name: f"pictures.{name}" for name in ("name", "width", "height", "bytes", "created_at")},
    {
        "account_id": "it is whose export it is",
        "open_until": "when its objects may be deleted",
        "check_at": "when it is looked at next",
        "removed_at": "what is removed is gone within minutes",
    },
)
DERIVED: Final = "made from other columns, for searching"

Table = Personal | str
"""A string is the reason why a whole table has no data about accounts, or is kept."""

REVOKED: Final = "refuses tokens for as long as they last, and is then forgotten"
ERASED: Final = "keeps a deleted account from coming back: its number, for ever"


def tables_of(service: str) -> Mapping[str, Table]:
    """The tables of a service, from the module of this name in its tests."""
    found: Mapping[str, Table] = import_module(f"tests.{service}.personal_data").TABLES
    return found


def personal(service: str) -> Mapping[str, Personal]:
    return {name: table for name, table in tables_of(service).items() if isinstance(table, Personal)}


def kept(service: str) -> set[str]:
    return {name for name, table in personal(service).items() if table.kept}
