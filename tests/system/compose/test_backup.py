"""R-27 on containers; tests/system/test_backup.py tests all differences between the services after a restore."""

import asyncio
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.system.compose.conftest import ComposeStack, note
from tests.system.compose.test_faults import titles, write
from tests.system.conftest import Meet

BACKUP = (sys.executable, "-m", "deploy.backup", "--compose")


@pytest.mark.compose
async def test_a_restored_database_is_as_it_was(
    compose_stack: ComposeStack, gateway: AsyncClient, meet: Meet, tmp_path: Path
) -> None:
    ada = await meet("Ada")
    assert await write(gateway, ada, "kept") == 201
    written = await asyncio.to_thread(compose_stack.run, *BACKUP, "backup", str(tmp_path))
    assert await write(gateway, ada, "lost") == 201
    folder = written.removeprefix("written: ")
    said = await asyncio.to_thread(compose_stack.run, *BACKUP, "restore", folder, "--only", "posts")
    note(what="restored", said=said.splitlines()[0])
    assert await titles(gateway, ada) == {"kept"}
