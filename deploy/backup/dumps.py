"""Backups as files: one folder each, named by its time, with a dump per database and their checksums.

    .local/backups/20261122T154501Z/  auth.dump  users.dump  posts.dump  SHA256SUMS

The dumps are in pg_dump's custom format. Each database is dumped as of its own moment; a restore repairs the
differences between services. Secrets are not included: without key-encryption-key, auth's keys are lost.
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deploy.backup.places import Place
from deploy.services import DATABASES

SUMS: Final = "SHA256SUMS"


class BackupError(Exception):
    """The folder holds no backup, or a damaged one."""


def back_up(place: Place, parent: Path) -> Path:
    """Write a new backup and return its folder, which gets its final name once it is complete."""
    folder = parent.absolute() / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        for service in DATABASES:
            with dump_of(unfinished, service).open("xb") as file:
                dump = ("pg_dump", f"--dbname={service}", "--format=custom", "--lock-wait-timeout=10s")
                place.postgres(service, *dump, stdout=file)
        sums = "".join(f"{checksum(dump_of(unfinished, service))}  {service}.dump\n" for service in DATABASES)
        (unfinished / SUMS).write_text(sums)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished)
        raise
    return folder


def read_backup(folder: Path) -> Path:
    """Check a backup's files against their checksums, and return its folder.

    Raises:
        BackupError: a file is missing or damaged; with its name.
    """
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {error.strerror} ({SUMS})") from error
    for line in lines:
        wanted, _, name = line.partition("  ")
        if not (folder / name).is_file() or checksum(folder / name) != wanted:
            raise BackupError(f"{folder / name} is missing or damaged")
    return folder


def dump_of(folder: Path, service: str) -> Path:
    return folder / f"{service}.dump"


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
