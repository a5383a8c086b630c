"""The matrix finds operations without a line, and wrong cells (S-31)."""

import pytest
from fastapi import FastAPI

from tests.common.conftest import probe_app
from tests.matrix_table import complaints, operations, read

HEAD = "method path thing anon owner\n"


def table(app: FastAPI, *without: str) -> str:
    return HEAD + "\n".join(f"{operation} none 200 200" for operation in operations(app) - {*without})


def test_a_complete_table_has_no_complaint() -> None:
    app = probe_app()
    assert len(operations(app)) > 5
    assert complaints(app, read(table(app)), "test_matrix.py") == []


def test_a_new_route_is_told_what_it_lacks() -> None:
    """S-31: deny by default."""
    app = probe_app()
    (said,) = complaints(app, read(table(app, "GET /probe/who")), "test_matrix.py")
    assert said == (
        "GET /probe/who has no line in the TABLE of test_matrix.py: "
        "add one that says which status each of these gets: anon owner"
    )


def test_a_line_for_what_is_gone_is_to_go_as_well() -> None:
    app = probe_app()
    (said,) = complaints(app, read(table(app) + "\nGET /gone none 200 200"), "test_matrix.py")
    assert said == "GET /gone is served no more: remove its line from the TABLE of test_matrix.py"


def test_a_line_says_something_for_every_caller() -> None:
    with pytest.raises(ValueError, match="shorter"):
        read(HEAD + "GET /livez none 200")
