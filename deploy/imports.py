"""Import contracts between modules: `python -m deploy.imports`, part of `make check`.

They cover every service of deploy/services.toml. The name of a contract says how to avoid breaking it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import tomlkit

from deploy.services import SERVICES

HOUSE: Final = Path(__file__).parents[1]

ROOMS: Final = [
    "serving",
    "events",
    "pictures",
    "calls",
    "http",
    "tokens",
    "db",
    "observability",
    "contracts",
    "state_events",
    "schemas",
    "retention | settings",
    "services",
    "access_log | email_addresses | locales | network_types | secrets | url_types",
    "background | deadlines | errors | health | logs | ports | setting_types | spans | text_fold | visible_text",
]
"""Rooms of libs/common, from the top down."""

LAYERS: Final = [
    "__main__",
    "commands",
    "(account_commands) | (client_commands) | (key_commands) | (mail_commands)",
    "(command_transaction) | main",
    "routers",
    "deps",
    "(key_collector) | (mailing) | (wiring)",
    "schemas",
    "(repositories) | (clients)",
    "(models)",
    "config | (database)",
    "(mail_config)",
    "services",
]
"""Layers of each service, from the top down; those in parentheses are auth's, or those of services that need them."""

FRAMEWORKS: Final = ["fastapi", "starlette", "sqlalchemy", "asyncpg", "httpx"]
ADAPTERS: Final = ["common.db", "common.calls", "common.tokens.service_tokens", "common.tokens.replies"]


def inside(*folders: str) -> list[str]:
    """These folders and modules of every service, where it has them."""
    places = [
        (service, folder, HOUSE / "services" / service / "src" / service) for service in SERVICES for folder in folders
    ]
    return [
        f"{service}.{folder}"
        for service, folder, package in places
        if (package / folder).is_dir() or (package / f"{folder}.py").is_file()
    ]


def contracts() -> list[dict[str, object]]:
    """The contracts in import-linter's format."""
    return [
        {
            "name": "Rooms of libs/common import those below only: move what both need to a lower one",
            "type": "layers",
            "containers": ["common"],
            "layers": ROOMS,
            "exhaustive": True,
        },
        {
            "name": "Rules reach stores and peers by a Protocol in services/ports.py, and deps.py hands them in",
            "type": "layers",
            "containers": [*SERVICES],
            "layers": LAYERS,
            "exhaustive": True,
        },
        {
            "name": "Routers ask a service: give it a method instead of importing a repository, client or model",
            "type": "forbidden",
            "source_modules": inside("routers"),
            "forbidden_modules": [*inside("repositories", "clients", "models", "database"), "sqlalchemy"],
            "allow_indirect_imports": True,
        },
        {
            "name": "Services know no SQL, HTTP or FastAPI: put that into a repository, a client or a router",
            "type": "forbidden",
            "source_modules": inside("services"),
            "forbidden_modules": FRAMEWORKS + ADAPTERS,
            "allow_indirect_imports": True,
        },
        {
            "name": "No service imports another: share a schema in common.contracts, or call it over HTTP",
            "type": "independence",
            "modules": [*SERVICES],
        },
        {
            "name": "The shared library imports no service: hand in what it needs",
            "type": "forbidden",
            "source_modules": ["common"],
            "forbidden_modules": [*SERVICES],
        },
        {
            "name": "The client for Python is installed alone: it imports neither the shared library nor a service",
            "type": "forbidden",
            "source_modules": ["trivium_client"],
            "forbidden_modules": ["common", *SERVICES],
        },
    ]


def main() -> int:
    """import-linter's exit code."""
    own = {
        "root_packages": ["common", *SERVICES, "trivium_client"],
        "include_external_packages": True,
        "contracts": contracts(),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write(tomlkit.dumps({"tool": {"importlinter": own}}))
        config.flush()
        program = Path(sys.executable).with_name("lint-imports")
        return subprocess.run([program, "--config", config.name, "--no-logo"], cwd=HOUSE, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
