"""Secrets that a laptop or a trial needs and nobody chose: made once, kept in files that only their owner reads.

They start with `local-`, and PROFILE=production refuses such a secret.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

SERVICES = ("auth", "users", "posts")
NAMES = (
    *(f"{service}-owner-password" for service in SERVICES),
    *(f"{service}-password" for service in SERVICES),
    "svc-users-secret",
    "svc-posts-secret",
    "key-encryption-key",
    "refresh-key",
)
# The containers' databases are three servers, each with a superuser.
COMPOSE_NAMES = (*NAMES, *(f"{service}-superuser-password" for service in SERVICES))


def ensure_secrets(folder: Path, names: Iterable[str] = NAMES, mode: int = 0o600) -> None:
    """Make each secret that is not there yet; one that is there is never changed.

    Containers read the files as users of their own, which takes the mode 0o644; the folder keeps others out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in names:
        path = folder / name
        if not path.exists():
            unfinished = folder / f".{name}"
            unfinished.unlink(missing_ok=True)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(f"local-{secrets.token_urlsafe(32)}")
            unfinished.rename(path)
        path.chmod(mode)
