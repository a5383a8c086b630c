"""Generated secrets for development: created once, in files that only their owner can read.

They start with `local-`, which PROFILE=production refuses.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from deploy.services import CLIENTS, DATABASES, REGISTRY

GENERATED_PREFIX = "local-"  # as in common.settings, which refuses it in production
NAMES = (
    *(f"{name}-owner-password" for name in DATABASES),
    *(f"{name}-password" for name in DATABASES),
    *(f"svc-{name}-secret" for name in CLIENTS),
    *(secret for service in REGISTRY.values() for secret in service.secrets),
)


def ensure_secrets(folder: Path, *more: str) -> None:
    """Create the missing secrets of the services, and `more`; existing ones never change."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in (*NAMES, *more):
        path = folder / name
        if not path.exists():
            unfinished = folder / f".{name}"
            unfinished.unlink(missing_ok=True)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(GENERATED_PREFIX + secrets.token_urlsafe(32))
            unfinished.rename(path)
        path.chmod(0o600)
