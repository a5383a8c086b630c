"""Every row of the security requirements is named by a test that holds it, so that each can be found by its id."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]
ROWS: Final = {*(f"S-{number:02}" for number in range(1, 49)), "S-31b", "S-31c", "S-52"}
ELSEWHERE: Final = {"S-49", "S-50", "S-51"}
"""Of locked packages and of manifests: what those are made and checked with names them."""


def named() -> Iterator[str]:
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            yield from re.findall(r"S-\d\d[a-c]?\b", path.read_text())


@pytest.fixture(scope="module")
def rows() -> set[str]:
    return set(named())


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_security_requirement_is_named_by_a_test(rows: set[str], row: str) -> None:
    assert row in rows, f"no test in {TESTS.name}/ names {row}: say it in the docstring of the one that holds it"


def test_no_test_names_a_requirement_that_does_not_exist(rows: set[str]) -> None:
    assert rows <= ROWS | ELSEWHERE
