# file: only with posts
"""R-26: a later release's migration under load, while the earlier release serves. ROWS=1000000 is the long form."""

import asyncio
import os
import shutil
from pathlib import Path

import asyncpg
import pytest
from httpx import AsyncClient

from common.db.migrations import migrate
from common.settings import MigrationSettings
from deploy.local.state import read_state
from posts.database import MIGRATIONS
from tests.system.conftest import LocalStack, Meet
from tests.system.faults.report import Report
from tests.system.load import Load

ROWS = int(os.environ.get("ROWS", "20000"))
LATER = Path(__file__).parent / "later_revision.py"  # written as docs/operations/migrations.md demands
UNDO = "DROP INDEX ix_posts_slug; ALTER TABLE posts DROP COLUMN slug; UPDATE alembic_version SET version_num = $1"
FILL = """
INSERT INTO posts (author_id, title, body, status, published_at)
SELECT 1, 'Row ' || n, 'b', 'published', now() - interval '1 year' FROM generate_series(1, $1::int) AS n
"""


def owner_of(stack: LocalStack) -> MigrationSettings:
    state = read_state(stack.folder)
    server = state.process("postgres") if state else None
    assert server
    password = (stack.folder / "secrets" / "posts-owner-password").read_text()
    url = f"postgresql://posts_owner@127.0.0.1:{server.port}/posts"
    return MigrationSettings.model_validate({"owner_database_url": url, "owner_database_password": password})


@pytest.mark.faults
async def test_no_request_fails_while_a_later_release_migrates(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, tmp_path: Path, report: Report
) -> None:
    """A column, its values in batches, an index: two concurrent runners, and the earlier release serves on."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    shutil.copy(LATER, folder / "versions" / "9999_slug.py")
    owner = owner_of(local_stack)
    password = owner.owner_database_password.get_secret_value()
    database = await asyncpg.connect(str(owner.owner_database_url), password=password)
    before = await database.fetchval("SELECT version_num FROM alembic_version")
    text = (folder / "versions" / "9999_slug.py").read_text().replace("BEFORE", before)
    (folder / "versions" / "9999_slug.py").write_text(text)
    try:
        await database.execute(FILL, ROWS)
        people = [await meet(f"Person {number}") for number in range(5)]
        load = Load(local_stack.url, 2.0)
        async with load.on(people):
            await asyncio.gather(migrate(folder, owner), migrate(folder, owner))
            restarted = await asyncio.to_thread(local_stack.run, "restart", "posts")
        assert restarted.returncode == 0, restarted.stderr
        assert load.failed == []
        assert await database.fetchval("SELECT version_num FROM alembic_version") == "9999"
        assert await database.fetchval("SELECT count(*) FROM posts WHERE slug IS NULL AND author_id = 1") == 0
        await migrate(MIGRATIONS, owner)  # the earlier release again: a rollback
        assert (await gateway.get("/posts")).status_code == 200
        report.fault(row="R-26", fault=f"a later release's migration under load, {ROWS} rows")
    finally:
        await database.execute("DELETE FROM posts WHERE author_id = 1")
        for statement in UNDO.replace("$1", f"'{before}'").split("; "):
            await database.execute(statement)
        await database.close()
