"""Marks: the lines and files that are there for one service, which `make remove-service` deletes with it.

A mark is a comment at the end of a line, opened by `#`, `//`, `--` or `/*`. NAME is the service:

- `only with NAME` marks its line;
- `begin: only with NAME` and `end: only with NAME` mark themselves and all lines in between;
- `file: only with NAME`, among the first lines, marks the file, and `folder: only with NAME` its folder.

The folders in FOLDERS need no mark. Formats without comments, such as JSON, can only be marked as a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.docs.files import REMOVED
from deploy.refusals import Refused, git
from deploy.services import ROOT

FOLDERS: Final = (
    "services/{}",
    "tests/{}",
    "tests/system/{}",
    "tests/common/samples/{}",
    "deploy/kubernetes/base/{}",
    "deploy/kubernetes/overlays/local/database/{}",
    "deploy/kubernetes/overlays/production/database/{}",
)
"""A service's own folders."""
HEAD: Final = 3
"""The lines in which a file's mark is looked for: a program's first line comes before it."""
MARK: Final = re.compile(
    r"(?:#|//|--|/\*)\s*(?:(begin|end|file|folder): )?only with ([a-z][a-z0-9]*)(?: -->| \*/(?:\}\})?| #\})?\s*$"
)
"""Comments of Python, shell and YAML; JavaScript; SQL and HTML; CSS; Caddy's templates; Jinja. The last part closes
them."""
NAMED: Final = REMOVED.relative_to(ROOT)


class MarkError(Refused):
    """A mark that opens nothing, or is not closed."""


def places(name: str) -> list[Path]:
    """The folders that belong to one service, by their paths in the repository."""
    return [Path(folder.format(name)) for folder in FOLDERS]


def mark(name: str) -> str:
    return f"only with {name}"


def marked(text: str) -> Iterator[tuple[int, str, str]]:
    """The number of each marked line, the mark's first word or "", and its service."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := MARK.search(line):
            yield number, found[1] or "", found[2]


def is_marked(text: str, name: str) -> bool:
    """Whether a file's text has a mark of this service."""
    return any(service == name for _, _, service in marked(text))


def owned(texts: Mapping[Path, str], name: str) -> set[Path]:
    """The files that are there for this service as a whole."""
    files, folders = set[Path](), {*places(name)}
    for path, text in texts.items():
        for number, word, service in marked(text):
            if service == name and number <= HEAD and word == "file":
                files.add(path)
            elif service == name and number <= HEAD and word == "folder":
                folders.add(path.parent)
    return files | {path for path in texts if not folders.isdisjoint(path.parents)}


def without(text: str, name: str, path: Path = Path()) -> str:
    """The text without this service's lines.

    Raises:
        MarkError: a block is not closed, or not open.
    """
    found = {number: word for number, word, service in marked(text) if service == name}
    kept: list[str] = []
    opened = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        word = found.get(number)
        if (word == "begin" and opened) or (word == "end" and not opened):
            raise MarkError(f"{path}:{number}: {line.strip()}: the block is {'open already' if opened else 'not open'}")
        if word == "begin":
            opened = number
        if not opened and word is None:
            kept.append(line)
        if word == "end":
            opened = 0
    if opened:
        raise MarkError(f"{path}:{opened}: the block of {name} has no end")
    return "".join(kept)


def texts(root: Path = ROOT) -> dict[Path, str]:
    """The files that git tracks, by their paths in the repository. Binary files count as empty texts."""
    found: dict[Path, str] = {}
    for name in filter(None, git("ls-files", "-z", root=root).split("\0")):
        try:
            found[Path(name)] = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            found[Path(name)] = ""
        except FileNotFoundError:
            continue  # it was just deleted
    return found


def left_without(found: Mapping[Path, str], names: Iterable[str]) -> dict[Path, str]:
    """The files that stay without these services, and their texts.

    Raises:
        MarkError: a block is not closed, or not open.
    """
    left = dict(found)
    for name in names:
        own = owned(left, name)
        left = {path: without(text, name, path) for path, text in left.items() if path not in own}
    return left


def drop(found: Mapping[Path, str], left: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """Delete the files that are not left, and the lines. Returns the other files that have changed.

    Prose by hand stays. `make check` accepts the deleted files that it names, since they are noted in NAMED.
    """
    gone = found.keys() - left.keys()
    for path in gone:
        (root / path).unlink()
    changed = [path for path, text in left.items() if text != found[path]]
    for path in changed:
        (root / path).write_text(left[path], encoding="utf-8")
    prose = "".join(text for path, text in found.items() if path.suffix == ".md")
    if named := sorted(f"{path}\n" for path in gone if is_named(path, prose)):
        with (root / NAMED).open("a", encoding="utf-8") as notes:
            notes.writelines(named)
    return changed


def is_named(path: Path, prose: str) -> bool:
    """Whether the prose has this path, also relative to a folder of it. The name alone counts at the root only."""
    return any("/".join(path.parts[start:]) in prose for start in range(max(1, len(path.parts) - 1)))
