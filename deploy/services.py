"""The registry of services: deploy/services.toml as typed values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = Path(__file__).with_suffix(".toml")
FIRST_PORT: Final = 8000
PORTS: Final = range(FIRST_PORT + 1, FIRST_PORT + 10)
"""Replicas are at 8011, 8021, … for 8001, so there are nine."""
NAME: Final = re.compile(r"[a-z][a-z0-9]{1,19}")
ISSUER: Final = "auth"
"""The service that issues tokens: all others sign in to it."""
COLLECTOR: Final = "users"
"""The service that collects people's exports from all services with `exports`."""


class RegistryError(ValueError):
    """The registry contradicts itself, or the folder services/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service; deploy/services.toml explains the fields."""

    name: str
    port: int
    paths: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    exports: bool = False
    database: bool = True
    off: bool = False
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()

    @property
    def signs_in(self) -> bool:
        """Whether it has a secret of its own, with which auth gives it tokens."""
        return self.database and self.name != ISSUER

    @property
    def package(self) -> str:
        """Its folder in the repository."""
        return f"services/{self.name}"


def read(text: str) -> dict[str, Service]:
    """Read a registry, by name.

    Raises:
        RegistryError: the first mistake, in one line.
    """
    known = {field.name for field in fields(Service)} - {"name"}
    found: dict[str, Service] = {}
    for name, row in tomllib.loads(text).items():
        if not NAME.fullmatch(name):
            raise RegistryError(f"{name!r} is no name of a service: small letters and digits, at most 20")
        if more := row.keys() - known:
            raise RegistryError(f"{name} has an unknown field {min(more)}")
        found[name] = Service(name=name, **{key: frozen(value) for key, value in row.items()})
    for mistake in mistakes(found):
        raise RegistryError(mistake)
    return found


def frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def mistakes(found: Mapping[str, Service]) -> Iterator[str]:
    ports: dict[int, str] = {}
    paths: dict[str, str] = {}
    for name, service in found.items():
        if service.port not in PORTS:
            yield f"{name} has port {service.port}: choose one of {PORTS[0]} to {PORTS[-1]}"
        if ports.setdefault(service.port, name) != name:
            yield f"{name} has the port of {ports[service.port]}"
        for path in service.paths:
            if reason := refused(path, paths.setdefault(path, name), name):
                yield f"{name} cannot have the path {path}: {reason}"
        for other in service.calls:
            if other not in found or other == name:
                yield f"{name} calls {other}, which is no other service"
        if service.hears and not service.database:
            yield f"{name} hears events, and has no database to note them in"
        if service.exports and service.off:
            yield f"{name} is off by default, so every export would fail without it"


def refused(path: str, owner: str, name: str) -> str:
    """Why a service cannot have this path, or ""."""
    if path.endswith("/"):
        return "no final slash"
    if not re.fullmatch(r"(/[^/]+)+", path):
        return "it begins with a slash, and has no two in a row"
    return f"{owner} has it" if owner != name else ""


def folders(root: Path = ROOT) -> set[str]:
    """The names of the folders in services/."""
    return {path.parent.name for path in root.glob("services/*/pyproject.toml")}


def require_folders(found: Mapping[str, Service], root: Path = ROOT) -> None:
    """Raises RegistryError: the registry and the folder services/ name different services."""
    for name in sorted(folders(root) ^ found.keys()):
        if name in found:
            raise RegistryError(f"deploy/services.toml names {name}, and there is no folder services/{name}")
        raise RegistryError(f"services/{name} is not in deploy/services.toml")


def addressed(found: Mapping[str, Service]) -> list[str]:
    """The services that others call, send events to or ask for exports."""
    called = {other for service in found.values() for other in service.calls}
    return [name for name, service in found.items() if name in called or service.hears or service.exports]


def setting_of(secret: str) -> str:
    """The setting that names a secret's file: `REFRESH_KEY_FILE` for `refresh-key`."""
    return f"{secret.upper().replace('-', '_')}_FILE"


REGISTRY: Final[Mapping[str, Service]] = read(FILE.read_text(encoding="utf-8"))
SERVICES: Final = tuple(REGISTRY)
STARTED: Final = tuple(name for name, service in REGISTRY.items() if not service.off)
"""The services that run unless somebody turns them off."""
DATABASES: Final = tuple(name for name, service in REGISTRY.items() if service.database)
"""The services that have a database."""
CLIENTS: Final = tuple(name for name, service in REGISTRY.items() if service.signs_in)
"""The services that sign in to auth."""
