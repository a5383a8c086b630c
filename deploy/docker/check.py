"""`python -m deploy.docker.check`: check docker-compose.yml and the base images against our security rules.

It needs no engine. If `docker compose` exists, it must resolve the file, as it is and with a public address; otherwise
that part is skipped with a message.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from deploy.docker import pins
from deploy.docker.compose import ROOT
from deploy.services import DATABASES

OUTSIDE: Final = "outside"
"""The one network with access to the internet."""
GO_OUT: Final = ("gateway", "auth")
"""Services with internet access: for certificates, and for mails."""
ONCE: Final = ("secrets", *(f"{name}-migrate" for name in DATABASES))
Service = dict[str, Any]


def errors(services: dict[str, Service]) -> Iterator[str]:
    """Violations of the rules, by service."""
    for name, service in services.items():
        if service.get("ports") and name != "gateway":
            yield f"{name} publishes a port"
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            yield f"{name} is not locked down"
        if service.get("privileged") or "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name} may gain privileges"
        if not service.get("deploy", {}).get("resources", {}).get("limits", {}).keys() >= {"cpus", "memory", "pids"}:
            yield f"{name} has no limits"
        if OUTSIDE in service.get("networks", []) and name not in GO_OUT:
            yield f"{name} can reach the internet"
        if service.get("restart") != ("no" if name in ONCE else "unless-stopped"):
            yield f"{name} has another restart policy than its kind"
        yield from shown_secrets(name, service.get("environment") or {})


def shown_secrets(name: str, environment: Mapping[str, Any]) -> Iterator[str]:
    """Secrets in the environment, which is visible in `docker inspect`."""
    for key, value in environment.items():
        if key.endswith(("PASSWORD", "SECRET", "_KEY")):
            yield f"{name} has a secret in its environment: {key}"
        if "://" in str(value) and "@" in str(value) and ":" in str(value).split("//")[1].split("@")[0]:
            yield f"{name} has a password in an address: {key}"


def resolved() -> bool:
    """Let Compose resolve the file; False without Compose."""
    for more in ({}, {"SITE_ADDRESS": "example.com", "PROFILE": "production", "SECRETS": "./secrets"}):
        try:
            command = ["docker", "compose", "config", "--quiet"]
            environment = {**os.environ, **more}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return False
        if "is not a docker command" in done.stderr or "unknown" in done.stderr:
            return False
        if done.returncode != 0:
            sys.exit(f"docker-compose.yml: {done.stderr.strip()}")
    return True


def main() -> int:
    """Exit code 0 without violations."""
    stack = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    found = list(errors(stack["services"]))
    found += [
        f"network {name} leads outside"
        for name, network in stack["networks"].items()
        if name != OUTSIDE and not network.get("internal")
    ]
    bases = pins.read()
    found += pins.errors(bases)
    schema = "Compose resolves it" if resolved() else "no `docker compose` here to resolve it"
    sys.stdout.write(
        "".join(f"docker-compose.yml: {line}\n" for line in found)
        or f"docker-compose.yml: sound; {schema}\n{pins.state(bases)}\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
