"""docs/operations/requirements.md: a test names each row, and no test names a missing row."""

import re
from pathlib import Path
from typing import Final

import pytest

from deploy.docs.files import Repository

HOUSE: Final = Path(__file__).parents[2]
NUMBER: Final = re.compile(r"\b[SR]-\d\d[b-z]?\b")
ROW: Final = re.compile(r"^\| ([SR]-\d\d[b-z]?) \|.*\| ([^|]+) \|$", re.MULTILINE)
ROWS: Final = dict(ROW.findall((HOUSE / "docs" / "operations" / "requirements.md").read_text()))
CODE: Final = ("libs", "services", "deploy", "tests")


def named_in(*folders: str) -> set[str]:
    files = (path for folder in folders for path in (HOUSE / folder).rglob("*.py"))
    return {number for path in files for number in NUMBER.findall(path.read_text())}


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_row_is_named_where_it_says_it_is_held(row: str) -> None:
    places = re.findall(r"`([^`]+)`", ROWS[row])
    assert places
    for place in {*places} - Repository(HOUSE).removed:
        assert row in NUMBER.findall((HOUSE / place).read_text()), f"say {row} in the docstring of the test in {place}"


def test_nothing_names_a_row_that_does_not_exist() -> None:
    assert named_in(*CODE) <= ROWS.keys()


def test_no_row_is_missing() -> None:
    assert {row for row in ROWS if row[0] == "S"} >= {f"S-{number:02}" for number in range(1, 53)}
    assert {row for row in ROWS if row[0] == "R"} == {f"R-{number:02}" for number in range(1, 32)}
