"""Backups as files. tests/system/test_backup.py tests them on a running stack."""

import os
from pathlib import Path
from typing import IO

import pytest

from deploy.backup.dumps import BackupError, back_up, read_backup
from deploy.backup.places import CommandFailed
from deploy.services import DATABASES


class Dumps:
    """A place whose databases have a few bytes; `broken` cannot be dumped."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken

    def postgres(
        self, service: str, *command: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
    ) -> str:
        if service == self.broken:
            raise CommandFailed("pg_dump: no")
        assert stdout
        stdout.write(os.urandom(1000))
        return ""

    def service(self, service: str, *words: str) -> str:
        raise NotImplementedError

    def migrate(self, service: str) -> None:
        raise NotImplementedError


def test_a_backup_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    folder = back_up(Dumps(), tmp_path / "backups")
    assert read_backup(folder) == folder
    assert {path.name for path in folder.iterdir()} == {*(f"{service}.dump" for service in DATABASES), "SHA256SUMS"}
    assert folder.stat().st_mode & 0o077 == 0


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        back_up(Dumps(broken="users"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_dump_is_refused(tmp_path: Path) -> None:
    folder = back_up(Dumps(), tmp_path)
    dump = bytearray((folder / "users.dump").read_bytes())
    dump[500] ^= 1
    (folder / "users.dump").write_bytes(dump)
    with pytest.raises(BackupError, match=r"users\.dump is missing or damaged"):
        read_backup(folder)


@pytest.mark.parametrize(("lost", "says"), [("users.dump", r"users\.dump is missing"), ("SHA256SUMS", "is no backup")])
def test_a_backup_that_lacks_a_file_is_refused(tmp_path: Path, lost: str, says: str) -> None:
    folder = back_up(Dumps(), tmp_path)
    (folder / lost).unlink()
    with pytest.raises(BackupError, match=says):
        read_backup(folder)
