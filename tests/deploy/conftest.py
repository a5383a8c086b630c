"""Folders that every user may enter, like a usual clone; pytest's own are closed to other users."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="trivium-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


open_folder = pytest.fixture(_open_folder, name="open_folder")
shared_open_folder = pytest.fixture(_open_folder, name="shared_open_folder", scope="module")
