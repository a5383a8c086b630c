"""Detects changed files for `make dev`: polls their modification times a few times a second."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploy.local.stack import CADDYFILE, CONSOLE, GATEWAY, ROOT
from deploy.services import DATABASES, SERVICES

PAGE = "page"
READ_AT_EACH_REQUEST = str(ROOT / "deploy/console/page")


def watched() -> dict[str, list[Path]]:
    """The parts to renew, and the files or folders of each."""
    code = {name: [ROOT / "libs/common/src", ROOT / "services" / name / "src"] for name in SERVICES}
    schemas = {f"{name} schema": [ROOT / "services" / name / "migrations"] for name in DATABASES}
    page = [ROOT / "deploy/gateway/page", ROOT / "deploy/gateway/docs", ROOT / "docs/openapi.json"]
    console = [ROOT / "deploy/console"]
    return {
        **code,
        **schemas,
        PAGE: page,
        CONSOLE: console,
        GATEWAY: [CADDYFILE, CADDYFILE.with_name("services.caddy")],
    }


class Changes:
    """Remembers each file's time of modification."""

    def __init__(self, places: Mapping[str, Sequence[Path]]) -> None:
        self._places = places
        self._seen = {name: _times(paths) for name, paths in places.items()}

    def since_last_time(self) -> list[str]:
        """The parts that have changed since the last call."""
        now = {name: _times(paths) for name, paths in self._places.items()}
        changed = [name for name, times in now.items() if times != self._seen[name]]
        self._seen = now
        return changed


def newest_change(places: Sequence[Path]) -> float:
    """The latest modification time of the files, in seconds since 1970."""
    return max(_times(places).values(), default=0) / 1e9


def _times(paths: Sequence[Path]) -> dict[str, int]:
    return {path: time for place in paths for path, time in _files(place)}


def _files(place: Path) -> Iterator[tuple[str, int]]:
    if place.is_file():
        yield str(place), place.stat().st_mtime_ns
        return
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        if folder == READ_AT_EACH_REQUEST:
            continue
        for name in names:
            path = os.path.join(folder, name)
            if not name.startswith(".") and not name.endswith("~"):  # an editor's temporary files
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    yield path, os.stat(path).st_mtime_ns
