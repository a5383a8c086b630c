"""The version of a release: `python -m deploy.version` prints it, `python -m deploy.version 0.2.0` sets it everywhere.

The services read it from `common.__version__`. Packages, images and manifests have copies, which this updates.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from common import __version__

ROOT: Final = Path(__file__).parents[1]
NUMBER: Final = re.compile(r"\d+\.\d+\.\d+")
PLACES: Final = {
    "libs/common/src/common/__init__.py": r'^__version__ = "()"',
    "libs/common/pyproject.toml": r'^version = "()"',
    "libs/clients/python/pyproject.toml": r'^version = "()"',
    "libs/clients/typescript/package.json": r'^  "version": "()"',
    "libs/clients/typescript/package-lock.json": r'"name": "trivium-client",\s+"version": "()"',
    "services/*/pyproject.toml": r'^version = "()"',
    "deploy/docker/Dockerfile": r"^ARG VERSION=()$",
    "deploy/gateway/Dockerfile": r"^ARG VERSION=()$",
    "deploy/kubernetes/base/*/kustomization.yaml": r"newTag: ()\}",
    "deploy/kubernetes/overlays/local/kustomization.yaml": r"newTag: ()\}",
    "deploy/kubernetes/overlays/production/kustomization.yaml": r"newTag: ()\}",
    "docs/reference/clients.md": r"trivium.client-()",
    "docs/operations/deploy.md": r"trivium-\S+?:()\b",
}
"""Files, and the pattern of the version in them: `()` stands for it."""


def places(root: Path = ROOT) -> Iterator[tuple[Path, re.Pattern[str]]]:
    """Each file with the version. Raises ValueError: one of them has none."""
    for glob, line in PLACES.items():
        pattern = re.compile(line.replace("()", f"({NUMBER.pattern})"), re.MULTILINE)
        found = [path for path in sorted(root.glob(glob)) if pattern.search(path.read_text(encoding="utf-8"))]
        if not found:
            raise ValueError(f"{glob} names no version")
        yield from ((path, pattern) for path in found)


def write(version: str, root: Path = ROOT) -> None:
    """Set the version everywhere. Raises ValueError: it is no version."""
    if not NUMBER.fullmatch(version):
        raise ValueError(f"{version} is no version such as 0.2.0")
    for path, pattern in places(root):
        path.write_text(pattern.sub(lambda found: replaced(found, version), path.read_text(encoding="utf-8")))


def replaced(found: re.Match[str], version: str) -> str:
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    return found[0][:start] + version + found[0][end:]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(sys.argv[1])
    else:
        sys.stdout.write(f"{__version__}\n")
