"""Personal data in skeleton's tables: see `tests/personal_data.py`."""

from collections.abc import Mapping
from typing import Final

from tests.personal_data import ERASED, MECHANISM, OUTBOX, REVOKED, Personal, Table

TABLES: Final[Mapping[str, Table]] = {
    "members": Personal("id = $1", {"since": "members.since"}, {"id": "it is whose export it is"}),
    "erased": ERASED,
    "ended_sessions": REVOKED,
    "token_floors": REVOKED,
    "outbox": OUTBOX,
    "known_keys": MECHANISM,
}
