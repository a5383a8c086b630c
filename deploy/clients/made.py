"""Notes from what the generated files were made, so that `make check` needs no generator and no Node."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from deploy.gateway.openapi import SNAPSHOT
from deploy.local.stack import ROOT

CLIENTS: Final = ROOT / "libs" / "clients"
TYPESCRIPT: Final = "libs/clients/typescript"
SOURCES: Final = (
    "deploy/clients/*.py",
    "libs/clients/python/src/trivium_client/asynchronous/connection.py",
    "requirements-clients.lock",
)
"""What the generated files depend on, beside docs/openapi.json."""


def record(files: Iterable[Path], root: Path = ROOT) -> None:
    """Write libs/clients/made.json for these generated files."""
    made = {str(path.relative_to(root)): digest(path.read_bytes()) for path in files}
    said = {"sources": sources(root), "files": made}
    place(root).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def stale(root: Path = ROOT) -> Iterator[str]:
    """A line for each generated file that is outdated, missing or edited."""
    said = json.loads(place(root).read_text(encoding="utf-8"))
    if said["sources"] != sources(root):
        yield "libs/clients is outdated: make clients"
    for name, known in said["files"].items():
        path = root / name
        if not path.exists() or digest(path.read_bytes()) != known:
            yield f"{name} is generated, and was edited: make clients"


def sources(root: Path) -> str:
    """The hash of everything that the generated files depend on."""
    paths = [path for glob in SOURCES for path in sorted(root.glob(glob))]
    parts = [document(root), typescript_tools(root), *(path.read_bytes() for path in paths)]
    return digest(b"".join(digest(part).encode() for part in parts))


def document(root: Path) -> bytes:
    """docs/openapi.json without its version, on which no generated file depends."""
    described: dict[str, Any] = json.loads((root / SNAPSHOT.relative_to(ROOT)).read_bytes())
    del described["info"]["version"]
    return json.dumps(described, sort_keys=True).encode()


def typescript_tools(root: Path) -> bytes:
    """The versions of openapi-typescript and openapi-fetch; the other version in the file is our own."""
    package = json.loads((root / TYPESCRIPT / "package.json").read_bytes())
    return json.dumps([package["dependencies"], package["devDependencies"]]).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def place(root: Path) -> Path:
    return root / CLIENTS.relative_to(ROOT) / "made.json"
