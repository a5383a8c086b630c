"""Every table and column is classified as personal data or not: `tests/personal_data.py`."""

from importlib import import_module

import pytest

from common.services import EXPORTERS
from deploy.generate.service import SKELETON
from deploy.services import DATABASES
from tests.personal_data import personal, tables_of


@pytest.mark.parametrize("service", [*DATABASES, SKELETON])
def test_no_table_and_no_column_is_forgotten_by_export_and_erasure(service: str) -> None:
    import_module(f"{service}.models")
    tables = import_module(f"{service}.database").Base.metadata.tables
    assert tables_of(service).keys() == tables.keys(), f"add the table to tests/{service}/personal_data.py"
    for name, table in personal(service).items():
        columns = {column.name for column in tables[name].columns}
        assert table.columns == columns, f"tests/{service}/personal_data.py has other columns of {name}"
        assert not set(table.exported) & set(table.left_out)


@pytest.mark.parametrize("service", DATABASES)
def test_the_export_contains_each_service_that_holds_something_for_it(service: str) -> None:
    holds = any(table.exported for table in personal(service).values())
    assert (service in EXPORTERS) == holds, f"`exports` of {service} in deploy/services.toml"
