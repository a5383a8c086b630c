"""The Python constants that the services read: libs/common/src/common/services.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.services import ROOT, Service, addressed

PLACE: Final = ROOT / "libs/common/src/common/services.py"
HEAD: Final = '''"""The services. `make generate` writes this module from deploy/services.toml."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from pydantic import BaseModel, Field

from common.secrets import Secret
from common.url_types import Address
'''


def module(registered: dict[str, Service]) -> str:
    """The module's text."""
    audiences = tuple(name for name, service in registered.items() if service.database)
    clients = tuple(name for name, service in registered.items() if service.signs_in)
    types = sorted({one for service in registered.values() for one in service.hears})
    listeners = {one: tuple(name for name, service in registered.items() if one in service.hears) for one in types}
    exporters = tuple(name for name, service in registered.items() if service.exports)
    lines = [
        HEAD,
        f"SERVICES: Final = {tuple(registered)!r}",
        f"AUDIENCES: Final = {audiences!r}",
        '"""The services that verify access tokens."""',
        f"Client = Literal[{', '.join(map(repr, clients))}]",
        '"""A service that signs in to auth."""',
        "CLIENTS: Final[tuple[Client, ...]] = get_args(Client)",
        f"LISTENERS: Final[Mapping[str, tuple[str, ...]]] = {listeners!r}",
        '"""The services that get the events of each type."""',
        f"EXPORTERS: Final = {exporters!r}",
        '"""The services whose data are in `GET /users/me/export`, in its order."""',
        "class Addresses(BaseModel):",
        '    """Settings: the addresses of the services that others call."""',
        *(address(name, registered[name].port) for name in addressed(registered)),
        "class ClientSecrets(BaseModel):",
        '    """Settings of `auth migrate`: the secrets with which the others sign in."""',
        *(f'    svc_{name}_secret: Secret = Field(description="The CLIENT_SECRET of {name}.")' for name in clients),
    ]
    return formatted("\n".join(lines))


def address(name: str, port: int) -> str:
    described = f'Field("http://127.0.0.1:{port}", description="Internal address of {name}.")'
    return f"    {name}_url: Address = {described}"


def formatted(text: str) -> str:
    """As `make format` would write it."""
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--stdin-filename", str(PLACE), "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
