"""The services' paths at the gateway: deploy/gateway/services.caddy."""

from __future__ import annotations

from typing import Final

from deploy.services import ROOT, Service

PLACE: Final = ROOT / "deploy/gateway/services.caddy"
HEAD: Final = (
    "# The services' paths. `make generate` writes this file from deploy/services.toml; the Caddyfile imports it."
)


def paths(registered: dict[str, Service]) -> str:
    """The file's text."""
    return "\n".join([HEAD, *(route(service) for service in registered.values() if service.paths), ""])


def route(service: Service) -> str:
    name, variable = service.name, service.name.upper()
    matched = f"path {' '.join(map(matches, service.paths))}"
    if service.off:
        matched = f'{{\n\t{matched}\n\texpression `"{{${variable}_UPSTREAM}}" != ""`\n}}'
    address = "127.0.0.1:1" if service.off else f"127.0.0.1:{service.port}"
    upstream = f"{{${variable}_REPLICAS:one}} {{${variable}_UPSTREAM:{address}}}"
    return f"@{name} {matched}\nhandle @{name} {{\n\timport service {upstream}\n}}"


def matches(path: str) -> str:
    """Caddy's patterns for a prefix: the path and those below it."""
    return f"{path} {path}/*"
