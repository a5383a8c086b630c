"""Marks: the lines and files that are there for one service, which `make remove-service` deletes with it.

In any text file, whatever its comments look like, the text at the end of a line decides. NAME is the service:

- `only with NAME` marks its line;
- `begin: only with NAME` and `end: only with NAME` mark themselves and all lines in between;
- `file: only with NAME`, among the first lines, marks the file, and `folder: only with NAME` its folder.

Folders below `deploy`, `services` and `tests` that are called NAME need no mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.docs.files import REMOVED
from deploy.refusals import git
from deploy.services import ROOT

CLOSING: Final = (" -->", " */")
"""Ends of comments, after which only the line ends."""
HEAD: Final = 3
"""The lines in which a file's mark is looked for: a program's first line comes before it."""
NAMED: Final = REMOVED.relative_to(ROOT)
PLACES: Final = ("deploy", "services", "tests")


class MarkError(ValueError):
    """A mark that opens nothing, or is not closed."""


def mark(name: str) -> str:
    return f"only with {name}"


def end_of(line: str) -> str:
    """The line, without the end of a comment."""
    text = line.rstrip()
    for closing in CLOSING:
        text = text.removesuffix(closing)
    return text


def is_marked(text: str, name: str) -> bool:
    """Whether a file's text has a mark of this service."""
    return any(end_of(line).endswith(mark(name)) for line in text.splitlines())


def owned(texts: Mapping[Path, str], name: str) -> set[Path]:
    """The files that are there for this service as a whole."""
    heads = {path: [end_of(line) for line in text.splitlines()[:HEAD]] for path, text in texts.items()}
    folders = {path.parent for path in heads if has(heads[path], f"folder: {mark(name)}")}
    return {
        path
        for path, head in heads.items()
        if has(head, f"file: {mark(name)}")
        or not folders.isdisjoint(path.parents)
        or (path.parts[0] in PLACES and name in path.parent.parts)
    }


def has(head: Sequence[str], end: str) -> bool:
    return any(line.endswith(end) for line in head)


def without(text: str, name: str) -> str:
    """The text without this service's lines.

    Raises:
        MarkError: a block is not closed, or not open.
    """
    kept: list[str] = []
    is_open = False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        end = end_of(line)
        begins, ends = (end.endswith(f"{word}: {mark(name)}") for word in ("begin", "end"))
        if (begins and is_open) or (ends and not is_open):
            raise MarkError(f"line {number}: {line.strip()}")
        if not (begins or is_open or end.endswith(mark(name))):
            kept.append(line)
        is_open = (is_open or begins) and not ends
    if is_open:
        raise MarkError(f"the last block of {name} has no end")
    return "".join(kept)


def texts(root: Path = ROOT) -> dict[Path, str]:
    """The text files that git tracks, by their paths in the repository."""
    found: dict[Path, str] = {}
    for name in filter(None, git("ls-files", "-z", root=root).split("\0")):
        try:
            found[Path(name)] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture; or a file that was just deleted
    return found


def drop(name: str, root: Path = ROOT) -> list[Path]:
    """Delete a service's marked lines and files. Returns the other files that have changed.

    Prose by hand stays. `make check` accepts the deleted files that it names, since they are noted in NAMED.
    """
    found, changed = texts(root), list[Path]()
    own = owned(found, name)
    for path, text in found.items():
        if path in own:
            (root / path).unlink()
        elif mark(name) in text and (rest := without(text, name)) != text:
            (root / path).write_text(rest, encoding="utf-8")
            changed.append(path)
    prose = "".join(text for path, text in found.items() if path.suffix == ".md")
    if named := sorted(f"{path}\n" for path in own if str(path) in prose):
        with (root / NAMED).open("a", encoding="utf-8") as notes:
            notes.writelines(named)
    return changed
