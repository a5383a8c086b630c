"""Names of statements in traces: operations and tables that exist, and the constants that hold them."""

import importlib

import pytest
import sqlalchemy as sa

from common.db.statement_spans import name_of, operations
from common.db.statements import DIALECT
from deploy.services import DATABASES
from tests.common.statements import statements_of
from users.repositories.profiles import UPSERT_ACCOUNT


@pytest.mark.parametrize(
    ("package", "service"), [*((f"{name}.repositories", name) for name in DATABASES), ("common.events", "users")]
)
def test_every_statement_is_named_by_tables_that_exist(package: str, service: str) -> None:
    importlib.import_module(f"{service}.models")
    known = importlib.import_module(f"{service}.database").Base.metadata.tables
    for name, statement in statements_of(importlib.import_module(package)):
        columns = statement.table.columns.keys() if isinstance(statement, sa.Insert) else None
        named = operations(str(statement.compile(dialect=DIALECT, column_keys=columns)))
        assert {table for _, tables in named for table in tables} <= {*known}, name
        assert named or isinstance(statement, sa.TextClause | sa.ColumnElement), name


@pytest.mark.parametrize(
    ("sql", "summary"),
    [
        ("SELECT id FROM posts JOIN authors ON true WHERE id = $1", "SELECT posts authors"),
        ("SELECT EXISTS (SELECT FROM erased)", "SELECT erased"),
        ("SELECT 1", "SELECT"),
        ("SELECT id FROM posts WHERE id IS DISTINCT FROM other FOR UPDATE", "SELECT posts"),
        ("SELECT extract(epoch FROM made_at), 'FROM secrets' FROM posts", "SELECT posts"),
        ("SELECT name FROM unnest($1) AS name", "SELECT"),
        ("INSERT INTO likes (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = $1", "INSERT likes"),
        ("WITH x AS (DELETE FROM tags RETURNING id) SELECT count(*) FROM x", "DELETE tags"),
        ("UPDATE a SET b = 1 FROM (SELECT c FROM a ORDER BY c FOR UPDATE) due", "UPDATE a"),
    ],
)
def test_a_summary_names_operations_and_tables(sql: str, summary: str) -> None:
    assert name_of(sa.text("SELECT 1"), sql).summary == summary


def test_a_statement_is_found_by_its_constant() -> None:
    name = name_of(UPSERT_ACCOUNT, "INSERT INTO profiles (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET email = $2")
    assert name.attributes["statement.name"] == "users.repositories.profiles:UPSERT_ACCOUNT"
    assert name.attributes["db.operation.name"] == "INSERT"
    assert name.attributes["db.collection.name"] == "profiles"
