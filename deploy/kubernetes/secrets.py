"""Print the Secrets that the manifests name, with new random values: `python -m deploy.kubernetes.secrets | kubectl …`.

Use `kubectl create`, not `apply`, so that existing Secrets are kept. If your platform has its own store for secrets, it
must provide the Secrets of this list.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any, Final

from deploy.local.secret_files import GENERATED_PREFIX
from deploy.services import CLIENTS, DATABASES, REGISTRY

NAMESPACE: Final = "trivium"
KEYS: Final = {
    **{f"{name}-keys": service.secrets for name, service in REGISTRY.items() if service.secrets},
    **{f"svc-{name}": ("secret",) for name in CLIENTS},
    "rate-limit-store": ("password",),
}


def all_secrets(*, local: bool) -> list[dict[str, Any]]:
    """The overlay `local` also needs superusers for its servers, and has secrets that production refuses."""
    made = [opaque(name, keys, local=local) for name, keys in KEYS.items()]
    for service in DATABASES:
        made += [login(f"{service}-database", service, local=local)]
        made += [login(f"{service}-database-owner", f"{service}_owner", local=local)]
        made += [login(f"{service}-database-superuser", "postgres", local=local)] if local else []
    return made


def opaque(name: str, keys: tuple[str, ...], *, local: bool) -> dict[str, Any]:
    return secret(name, "Opaque", {key: new(local=local) for key in keys})


def login(name: str, role: str, *, local: bool) -> dict[str, Any]:
    """A database role, in the form that CloudNativePG reads."""
    return secret(name, "kubernetes.io/basic-auth", {"username": role, "password": new(local=local)})


def new(*, local: bool) -> str:
    return (GENERATED_PREFIX if local else "") + secrets.token_urlsafe(48)


def secret(name: str, kind: str, values: dict[str, str]) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": NAMESPACE, "cnpg.io/reload": "true"}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": values}


if __name__ == "__main__":
    items = all_secrets(local="--local" in sys.argv[1:])
    sys.stdout.write(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2) + "\n")
