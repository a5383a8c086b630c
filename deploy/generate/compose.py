"""The services in docker-compose.yml: for each its API, its migration and its database, and their addresses."""

from __future__ import annotations

from typing import Any

from deploy.generate.documents import ensure, flow, listed, merging, remove
from deploy.services import ISSUER, Service, addressed, setting_of

SECRETS = "/run/secrets"


def complete(compose: Any, registered: dict[str, Service]) -> None:
    """Add what the registry names, and correct what it determines."""
    switch(compose["services"], registered)
    gateway: dict[str, str] = {}
    blocks: dict[str, Any] = {}
    clients = [name for name, service in registered.items() if service.signs_in]
    for name, service in registered.items():
        if service.paths:
            upstream = f"${{{name.upper()}:+{name}}}" if service.off else name
            gateway |= {f"{name.upper()}_REPLICAS": "named", f"{name.upper()}_UPSTREAM": upstream}
        blocks[name] = api(compose, service)
        if service.database:
            blocks[f"{name}-migrate"] = migration(compose, service, clients)
            blocks[f"{name}-db"] = database(compose, name)
    databases = [name for name, service in registered.items() if service.database]
    ready = {name: flow(condition="service_healthy") for name, one in registered.items() if one.paths and not one.off}
    ensure(compose["x-settings"], {f"{name.upper()}_URL": f"http://{name}:8000" for name in addressed(registered)})
    ensure(compose["services"]["gateway"], {"environment": gateway, "depends_on": ready})
    ensure(compose["services"], blocks)
    ensure(compose["networks"], {f"{name}-db": flow(internal=True) for name in databases})
    ensure(compose["volumes"], {f"{name}-data": None for name in databases})


def switch(blocks: Any, registered: dict[str, Service]) -> None:
    """Take away what a service had while it was off by default, or while it was on."""
    for name, service in registered.items():
        if service.off and name in blocks["gateway"]["depends_on"]:
            remove(blocks["gateway"]["depends_on"], name)
        for block in (name, f"{name}-migrate"):
            if not service.off and blocks.get(block, {}).get("profiles") == [name]:
                remove(blocks[block], "profiles")


def api(compose: Any, service: Service) -> Any:
    name = service.name
    environment: dict[str, Any] = {}
    block: dict[str, Any] = {
        "image": f"trivium-{name}",
        "build": {
            "context": ".",
            "dockerfile": "deploy/docker/Dockerfile",
            "args": flow(SERVICE=name, REVISION="${REVISION:-unknown}"),
        },
        "environment": environment,
    }
    if service.off:
        block = {"profiles": listed(name), **block}
    if service.database:
        environment["DATABASE_URL"] = f"postgresql://{name}@{name}-db:5432/{name}"
        environment["DATABASE_PASSWORD_FILE"] = f"{SECRETS}/{name}-password"
    if service.signs_in:
        environment["CLIENT_SECRET_FILE"] = f"{SECRETS}/svc-{name}-secret"
    environment |= {setting_of(secret): f"{SECRETS}/{secret}" for secret in service.secrets}
    block["volumes"] = [secrets_of(name)]
    block["networks"] = listed("default", *([f"{name}-db"] if service.database else []))
    if service.database:
        block["depends_on"] = {f"{name}-migrate": flow(condition="service_completed_successfully")}
    else:
        block["depends_on"] = {"secrets": flow(condition="service_completed_successfully")}
    block["environment"] = merging(compose["x-settings"], environment)
    return merging(compose["x-service"], block)


def migration(compose: Any, service: Service, clients: list[str]) -> Any:
    name = service.name
    environment = {
        "PROFILE": "${PROFILE:-local}",
        "OWNER_DATABASE_URL": f"postgresql://{name}_owner@{name}-db:5432/{name}",
        "OWNER_DATABASE_PASSWORD_FILE": f"{SECRETS}/{name}-owner-password",
    }
    if name == ISSUER:
        environment |= {setting_of(f"svc-{one}-secret"): f"{SECRETS}/svc-{one}-secret" for one in clients}
    block = {
        **({"profiles": listed(name)} if service.off else {}),
        "image": f"trivium-{name}",
        "command": listed("migrate"),
        "environment": environment,
        "volumes": [secrets_of(f"{name}-migrate")],
        "networks": listed(f"{name}-db"),
        "depends_on": {f"{name}-db": flow(condition="service_healthy")},
    }
    return merging(compose["x-once"], block)


def database(compose: Any, name: str) -> Any:
    block = {
        "environment": flow(SERVICE=name, POSTGRES_PASSWORD_FILE=f"{SECRETS}/{name}-superuser-password"),
        "volumes": [
            f"{name}-data:/var/lib/postgresql/data",
            "./deploy/postgres/init.sh:/docker-entrypoint-initdb.d/init.sh:ro",
            "./deploy/postgres/service-database.sql:/service-database.sql:ro",
            secrets_of(f"{name}-db"),
        ],
        "networks": listed(f"{name}-db"),
    }
    return merging(compose["x-database"], block)


def secrets_of(container: str) -> Any:
    """The container's own folder of the volume `secrets`, see deploy/docker/lay_out_secrets.py."""
    return flow(type="volume", source="secrets", target=SECRETS, read_only=True, volume=flow(subpath=container))
