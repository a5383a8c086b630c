"""The files of this repository, for the checks of the documentation."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
REMOVED: Final = Path(__file__).with_name("removed.txt")
"""Written by `make remove-service` (`deploy.generate.marks`)."""
GIT: Final = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
TEXT: Final = frozenset(
    {".css", ".html", ".js", ".json", ".mako", ".md", ".mjs", ".py", ".sh", ".sql", ".toml", ".ts", ".yaml", ".yml"}
)
WITHOUT_ENDING: Final = frozenset({"Caddyfile", "Dockerfile", "Makefile", ".dockerignore", ".editorconfig", "run"})
OTHERS: Final = ("deploy/gateway/page/vendor/", "docs/openapi.json", "tests/deploy/test_documentation.py")
"""Not checked: files by others, generated from checked texts, or examples of faults."""


@dataclass(frozen=True)
class Repository:
    """The files below a folder that git tracks, and new ones that it does not ignore."""

    root: Path

    @cached_property
    def files(self) -> frozenset[str]:
        found = subprocess.run(GIT, cwd=self.root, capture_output=True, check=True, text=True).stdout
        return frozenset(name for name in found.split("\0") if name and (self.root / name).is_file())

    @cached_property
    def folders(self) -> frozenset[str]:
        return frozenset(str(parent) for name in self.files for parent in Path(name).parents)

    @cached_property
    def removed(self) -> frozenset[str]:
        """Files that were deleted with their service, and that prose still names."""
        notes = self.root / REMOVED.relative_to(ROOT)
        return frozenset(notes.read_text(encoding="utf-8").splitlines() if notes.exists() else ())

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Path and content of every checked file."""
        return tuple(
            (name, (self.root / name).read_text(encoding="utf-8")) for name in sorted(self.files) if is_text(name)
        )

    def pages(self) -> Iterator[tuple[str, str]]:
        return ((name, text) for name, text in self.texts if name.endswith(".md"))

    def has(self, path: str) -> bool:
        path = path.rstrip("/")
        return path in self.files or path in self.folders or path in self.removed


def is_text(name: str) -> bool:
    path = Path(name)
    return (path.suffix in TEXT or path.name in WITHOUT_ENDING) and not name.startswith(OTHERS)
