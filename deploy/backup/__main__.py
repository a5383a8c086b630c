"""`python -m deploy.backup backup|restore`, of the local stack, or with `--compose` of the containers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.backup.dumps import BackupError, back_up, read_backup
from deploy.backup.places import ComposePlace, LocalPlace, Place
from deploy.backup.restore import restore
from deploy.docker.compose import DockerFailed
from deploy.local.errors import StackError
from deploy.local.stack import Stack
from deploy.services import DATABASES


def main() -> int:
    """Exit code 0 on success."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description=__doc__)
    parser.add_argument("--compose", action="store_true", help="of the containers, not of the local stack")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    to = commands.add_parser("backup", help="write all databases into a new folder")
    to.add_argument("folder", type=Path, nargs="?", help="the folder's parent; by default .local/backups")
    back = commands.add_parser("restore", help="replace databases by those of a backup while the stack runs")
    back.add_argument("folder", type=Path)
    back.add_argument("--only", choices=DATABASES, nargs="+", default=DATABASES)
    arguments = parser.parse_args()
    try:
        stack = Stack.from_environment()
        place: Place = ComposePlace() if arguments.compose else LocalPlace.running(stack)
        if arguments.command == "backup":
            say(f"written: {back_up(place, arguments.folder or stack.folder / 'backups')}")
        else:
            restore(place, read_backup(arguments.folder), arguments.only, say)
    except (StackError, BackupError, DockerFailed) as error:
        sys.stderr.write(f"trivium: {error}\n")
        return 1
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
