"""The data that skeleton holds about an account, for its export."""

from collections.abc import Mapping
from typing import Final

from common.events.exports import Section, bounded_rows

MEMBERS: Final = """
    SELECT id AS place, since FROM members WHERE id = :account AND id > :after ORDER BY id
"""
SECTIONS: Final[Mapping[str, Section]] = {"members": Section(bounded_rows(MEMBERS, "place"))}
