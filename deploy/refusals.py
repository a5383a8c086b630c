"""Commands that change the repository refuse what they cannot do, before they change anything."""

import subprocess
from pathlib import Path

from deploy.services import ROOT


class Refused(Exception):
    """A sentence for the user; nothing was changed."""


def git(*words: str, root: Path = ROOT) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout  # noqa: S603, S607


def require_clean(root: Path = ROOT) -> None:
    """Raises Refused: there are uncommitted changes, among which the new ones could not be told apart."""
    if git("status", "--porcelain", root=root):
        raise Refused("there are uncommitted changes: commit or stash them, so that the new ones can be reviewed alone")


def is_committed(folder: str, root: Path = ROOT) -> bool:
    """Whether git tracks files of a folder."""
    return bool(git("ls-files", "--", folder, root=root))
