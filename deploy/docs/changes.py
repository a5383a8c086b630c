"""Finds files in changes/ that towncrier would silently leave out of the change log."""

import re
import tomllib
from collections.abc import Iterator
from typing import Final

from deploy.docs.files import ROOT, Repository

FOLDER: Final = "changes/"
OTHERS: Final = ("README.md", "template.md.jinja")


def kinds() -> list[str]:
    towncrier = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    return [kind["directory"] for kind in towncrier["type"]]


def left_out(repository: Repository) -> Iterator[str]:
    """A line for each, with the correct forms of names."""
    right = re.compile(rf"(?:\+[a-z0-9-]+|\d+)\.(?:{'|'.join(kinds())})\.md")
    for name in sorted(name.removeprefix(FOLDER) for name in repository.files if name.startswith(FOLDER)):
        if name not in OTHERS and not right.fullmatch(name):
            yield f"{FOLDER}{name}: name it +NAME.KIND.md or ISSUE.KIND.md, with one of {', '.join(kinds())}"
        elif not (repository.root / FOLDER / name).read_text(encoding="utf-8").strip():
            yield f"{FOLDER}{name} is empty"
