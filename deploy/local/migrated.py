"""Skips migrations that have nothing to do: they take half of the start.

A service's migration is skipped if its code, its secrets and the script of its roles have not changed since its last
run, and the database still has that revision. Otherwise, and in doubt, it runs.
"""

from __future__ import annotations

import hashlib
import json

from deploy.local.databases import SCRIPT, schema_version
from deploy.local.postgres import Postgres
from deploy.local.stack import ROOT, Stack

SHARED = "libs/common/src"


class Migrated:
    """`migrated.json`: a record of the last migrations."""

    def __init__(self, stack: Stack, server: Postgres) -> None:
        self._stack = stack
        self._server = server
        self._file = stack.folder / "migrated.json"

    def seems_current(self, service: str) -> bool:
        """Whether all that it follows from is as at its last migration; PostgreSQL is not asked."""
        return self._known().get(service, [])[:1] == [self._digest(service)]

    def is_current(self, service: str) -> bool:
        """Whether the service's database is known to be up to date."""
        state = self._state(service)
        return bool(state[-1]) and self._known().get(service) == state

    def note(self, services: list[str]) -> None:
        """Record that these have just been migrated."""
        known = self._known()
        self._file.write_text(json.dumps({**known, **{service: self._state(service) for service in services}}))

    def _known(self) -> dict[str, list[str]]:
        try:
            known = json.loads(self._file.read_text())
            return {service: list(state) for service, state in known.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return {}

    def _state(self, service: str) -> list[str]:
        return [self._digest(service), schema_version(self._server, service)]

    def _digest(self, service: str) -> str:
        digest = hashlib.sha256(SCRIPT.read_bytes())
        own = f"services/{service}"
        for folder in (SHARED, f"{own}/src", f"{own}/migrations"):
            for path in sorted((ROOT / folder).rglob("*.py")):
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
        for secret in sorted(self._stack.secrets.glob("svc-*")):
            digest.update(secret.read_bytes())
        return digest.hexdigest()
