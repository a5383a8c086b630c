"""The files of the page: its own, and those that it shares with the web client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

OWN: Final = Path(__file__).parent / "page"
SHARED: Final = Path(__file__).parents[1] / "gateway" / "page"
SHARED_NAMES: Final = (
    "base.css",
    "parts.css",
    "icon.svg",
    "start.js",
    "storage.js",
    "dom.js",
    "messages.js",
    "theme.js",
    "vendor/preact.js",
    "vendor/hooks.js",
    "vendor/htm.js",
)
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to send."""

    path: Path
    type: str


def find(address: str) -> File | None:
    """The file at a path of ours; None if there is none. Only names that are listed, so no path leads elsewhere."""
    path = _files().get(address)
    return File(path, TYPES[path.suffix]) if path else None


def _files() -> dict[str, Path]:
    """Listed anew for each request, so that a new file is served without a restart."""
    own = {f"/console/{path.name}": path for path in OWN.iterdir() if path.suffix in TYPES}
    return {"/": OWN / "index.html", **own, **{f"/page/{name}": SHARED / name for name in SHARED_NAMES}}
