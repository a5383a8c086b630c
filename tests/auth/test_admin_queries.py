"""The cost of admins' searches does not depend on the number of rows: each filter has its index."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Executable, create_mock_engine
from sqlalchemy.sql import ClauseElement

from auth.repositories.audit import AuditRepository
from auth.repositories.managed_accounts import ManagedAccountRepository
from auth.services.audit import Action, AuditFilter
from auth.services.records import AccountFilter, Role
from common.db.statements import Params, Rows
from tests.auth.conftest import Connection

FILL = """
INSERT INTO accounts (id, email, password_hash, name, roles, status)
SELECT n, md5(n::text) || '@example.com', '', 'Ada ' || n, CASE WHEN n % 5000 = 0 THEN ARRAY['admin'] ELSE '{}' END,
       CASE WHEN n % 5000 = 1 THEN 'disabled' ELSE 'active' END
FROM generate_series(1000, 10999) AS n;
INSERT INTO audit_events (at, action, account_id, actor)
SELECT timestamptz '2026-01-02 00:00Z' - n * interval '1 minute',
       CASE WHEN n % 1000 = 0 THEN 'roles-changed' ELSE 'signed-in' END, n % 5000,
       CASE WHEN n % 1000 = 0 THEN 'server' ELSE (n % 5000)::text END
FROM generate_series(1, 10000) AS n;
"""
TIDY = "VACUUM ANALYZE accounts, audit_events"  # as autovacuum does: the search index keeps new rows apart
NOW = datetime(2026, 1, 2, tzinfo=UTC)
DIALECT = create_mock_engine("postgresql+asyncpg://", executor=lambda *_: None).dialect


class Explained:
    """`Executor` that gets PostgreSQL's plan for a statement, and returns no rows."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.plan: dict[str, Any] = {}

    async def execute(self, statement: Executable, params: Params = None, /) -> Rows:
        compiled = cast("ClauseElement", statement).compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
        told = await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) {compiled}")
        self.plan = json.loads(told)[0]["Plan"]
        return cast("Rows", [])


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The plan's nodes with their tables and indexes."""
    yield f"{plan['Node Type']} {plan.get('Relation Name', '')}{plan.get('Index Name', '')}".strip()
    for below in plan.get("Plans", ()):
        yield from scans(below)


@pytest.fixture(scope="module")
async def much(superuser: Connection) -> Connection:
    await superuser.execute(FILL)
    await superuser.execute(TIDY)
    return superuser


@pytest.mark.parametrize(
    "wanted",
    [
        AuditFilter(),
        AuditFilter(account_id=77),
        AuditFilter(action=Action.roles_changed),
        AuditFilter(actor="server"),
        AuditFilter(since=NOW - timedelta(days=3), until=NOW - timedelta(days=2)),
        AuditFilter(actor="server", until=NOW - timedelta(days=2)),
        AuditFilter(account_id=77, action=Action.roles_changed),
    ],
    ids=str,
)
@pytest.mark.parametrize("before", [None, (NOW - timedelta(days=5), 9_000)], ids=["first", "later"])
async def test_lines_of_the_trail_come_from_an_index(
    much: Connection, wanted: AuditFilter, before: tuple[datetime, int] | None
) -> None:
    explained = Explained(much)
    await AuditRepository(explained).page(wanted, 20, before)
    assert "Seq Scan audit_events" not in list(scans(explained.plan)), explained.plan
    assert explained.plan["Total Cost"] < 100


@pytest.mark.parametrize(
    "wanted",
    [
        AccountFilter(),
        AccountFilter(text="c4ca42"),
        AccountFilter(text="ADA 12345"),
        AccountFilter(text="12345"),
        AccountFilter(status="disabled"),
        AccountFilter(status="active"),
        AccountFilter(status="deleted"),
        AccountFilter(role=Role.admin),
        AccountFilter(text="ada 12", role=Role.moderator, status="disabled"),
    ],
    ids=str,
)
@pytest.mark.parametrize("before", [None, 9_000], ids=["first", "later"])
async def test_accounts_are_found_by_an_index(much: Connection, wanted: AccountFilter, before: int | None) -> None:
    explained = Explained(much)
    await ManagedAccountRepository(explained).page(wanted, 20, before)
    assert "Seq Scan accounts" not in list(scans(explained.plan)), explained.plan
    assert explained.plan["Total Cost"] < 300
