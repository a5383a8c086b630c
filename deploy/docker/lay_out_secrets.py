"""Write the containers' secrets: docker-compose.yml's service `secrets` runs this as root before all others.

`/given` is the folder that SECRETS names, if any: one file per secret. Missing secrets are generated once and begin
with `local-`, which PROFILE=production refuses. Each container then gets a folder with copies of its secrets, readable
only by its own user. It uses only the standard library, so that it runs in any image with Python.
"""

import os
import secrets
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

GIVEN: Final = Path("/given")
VOLUME: Final = Path("/secrets")
REGISTRY: Final = Path("/services.toml")
GENERATED_PREFIX: Final = "local-"  # as in common.settings, which refuses it
MIN_LENGTH: Final = 32
APP, POSTGRES = 10001, 999  # the users of our image, and of postgres:17
ISSUER: Final = "auth"
STORE: Final = "rate-limit-store"
"""The container that counts for all services, if RATE_LIMIT_STORE is set."""
Registry = Mapping[str, Mapping[str, Any]]
"""deploy/services.toml."""


def needs(registry: Registry, shared: tuple[str, ...] = ()) -> dict[str, tuple[int, list[str]]]:
    """The user and the secrets of each container. All services have those that are `shared` with the store."""
    found: dict[str, tuple[int, list[str]]] = {STORE: (APP, [*shared])}
    databases = [name for name, service in registry.items() if service.get("database", True)]
    clients = {name: f"svc-{name}-secret" for name in databases if name != ISSUER}
    for name, service in registry.items():
        own = [*shared, *([f"{name}-password"] if name in databases else [])]
        found[name] = (APP, [*own, *([clients[name]] if name in clients else []), *service.get("secrets", [])])
        if name in databases:
            owner = f"{name}-owner-password"
            found[f"{name}-migrate"] = (APP, [owner, *(clients.values() if name == ISSUER else [])])
            found[f"{name}-db"] = (POSTGRES, [f"{name}-superuser-password", owner, f"{name}-password"])
    return found


def names_in(registry: Registry, shared: tuple[str, ...] = ()) -> list[str]:
    """All secrets but those that are optional."""
    return sorted({name for _, names in needs(registry, shared).values() for name in names})


def main(given: Path = GIVEN, volume: Path = VOLUME, services: Path = REGISTRY) -> None:
    """Write every container's folder.

    Raises:
        SystemExit: production lacks its own secrets; the message names them.
    """
    registry = tomllib.loads(services.read_text())
    production = os.environ.get("PROFILE") == "production"
    shared = (f"{STORE}-password",) if os.environ.get("RATE_LIMIT_STORE") else ()
    values = {name: given_secret(given / name) for name in names_in(registry, shared)}
    if not production:
        values = {name: value or kept(volume / "all" / name) for name, value in values.items()}
    needed = names_in({name: service for name, service in registry.items() if not service.get("off")}, shared)
    missing = [name for name in needed if values[name] is None]
    weak = [name for name, value in values.items() if production and value is not None and not is_sound(value)]
    wrong = [*missing, *weak]
    if wrong:
        sys.exit(
            f"PROFILE=production needs secrets of its own, {MIN_LENGTH} characters or more: put {', '.join(wrong)} "
            "into a folder, a file each (openssl rand -base64 48), and name it: SECRETS=./folder"
        )
    for consumer, (user, names) in needs(registry, shared).items():
        folder = volume / consumer
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        for name in names:
            if secret := values[name]:
                write(folder / name, secret, user)
        for name in registry.get(consumer, {}).get("optional_secrets", ()):  # never generated
            if brought := given_secret(given / name):
                write(folder / name, brought, user)
            else:
                (folder / name).unlink(missing_ok=True)
        os.chown(folder, user, user)
        folder.chmod(0o500)


def given_secret(path: Path) -> str | None:
    return path.read_text().rstrip("\r\n") if path.is_file() else None


def is_sound(secret: str) -> bool:
    return len(secret) >= MIN_LENGTH and not secret.startswith(GENERATED_PREFIX)


def kept(path: Path) -> str:
    """The secret that was generated earlier, or a new one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write(path, GENERATED_PREFIX + secrets.token_urlsafe(32), os.geteuid())
    return path.read_text()


def write(path: Path, secret: str, user: int) -> None:
    """Replace the file in one step: a container may be reading it."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(secret)
    os.chown(unfinished, user, user)
    unfinished.rename(path)


if __name__ == "__main__":
    main()
