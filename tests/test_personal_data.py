"""Every table and column is classified as personal data or not: `tests/personal_data.py`."""

from importlib import import_module

import pytest

from tests.conftest import SERVICES
from tests.personal_data import PERSONAL_DATA, personal


@pytest.mark.parametrize("service", SERVICES)
def test_no_table_and_no_column_is_forgotten_by_export_and_erasure(service: str) -> None:
    import_module(f"{service}.models")
    tables = import_module(f"{service}.database").Base.metadata.tables
    assert PERSONAL_DATA[service].keys() == tables.keys(), "add the table to tests/personal_data.py"
    for name, table in personal(service).items():
        columns = {column.name for column in tables[name].columns}
        assert table.columns == columns, f"say in tests/personal_data.py what becomes of the columns of {name}"
        assert not set(table.exported) & set(table.left_out)
