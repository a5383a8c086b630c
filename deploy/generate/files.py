"""All files that name the services: those that are written as a whole, and those that are completed in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import tomlkit

from common import services
from deploy.generate import compose, constants, gateway, kubernetes, overlays
from deploy.generate.documents import ensure, mentions, parse, prune, render
from deploy.services import ROOT, Service

KUBERNETES: Final = ROOT / "deploy/kubernetes"
BASE, LOCAL, PRODUCTION = (KUBERNETES / folder for folder in ("base", "overlays/local", "overlays/production"))
KUSTOMIZATION: Final = "kustomization.yaml"
Registered = dict[str, Service]


def wanted(registered: Registered) -> dict[Path, str]:
    """The content of each file as it should be."""
    return {
        constants.PLACE: constants.module(registered),
        gateway.PLACE: gateway.paths(registered),
        ROOT / "pyproject.toml": pyproject((ROOT / "pyproject.toml").read_text(encoding="utf-8"), registered),
        **dict(completed(registered)),
    }


def pyproject(text: str, registered: Registered) -> str:
    """With the folders in which mypy finds the services. (ruff understands `services/*/src`.)"""
    document = tomlkit.parse(text)
    folders = ["libs/common/src", *(f"{service.package}/src" for service in registered.values()), "."]
    mypy: Any = document["tool"]["mypy"]
    if mypy["mypy_path"] != folders:
        mypy["mypy_path"] = folders
    return tomlkit.dumps(document)


def completed(registered: Registered) -> Iterable[tuple[Path, str]]:
    """The YAML files, with what was missing, and without services that are no longer registered."""
    yield change(ROOT / "docker-compose.yml", registered, lambda found: compose.complete(found[0], registered))
    for path, content in manifests(registered).items():
        yield change(path, registered, lambda found, content=content: ensure(found[0], content))  # type: ignore[misc]
    for path, policies in networks(registered).items():
        yield change(path, registered, lambda found, policies=policies: ensure(found, policies))  # type: ignore[misc]
    upstreams = overlays.gateway(registered)
    yield change(LOCAL / "gateway.yaml", registered, lambda found: ensure(deployment(found), upstreams))
    yield change(PRODUCTION / "route.yaml", registered, lambda found: complete_routes(found[0], registered))


def manifests(registered: Registered) -> dict[Path, Any]:
    """The files of one document, and the content that they need."""
    clients = [name for name, service in registered.items() if service.signs_in]
    folders = {BASE / name / KUSTOMIZATION: kubernetes.folder(one, clients) for name, one in registered.items()}
    for name in overlays.with_databases(registered):
        service = registered[name]
        folders[LOCAL / "database" / name / KUSTOMIZATION] = overlays.local_database(service)
        folders[PRODUCTION / "database" / name / KUSTOMIZATION] = overlays.production_database(service)
    return {
        BASE / KUSTOMIZATION: kubernetes.base(registered),
        **folders,
        LOCAL / KUSTOMIZATION: overlays.local(registered),
        PRODUCTION / KUSTOMIZATION: overlays.production(registered),
    }


def networks(registered: Registered) -> dict[Path, list[Any]]:
    """The files of many policies, and those that they need."""
    return {
        BASE / "network.yaml": kubernetes.network(registered),
        LOCAL / "network.yaml": overlays.local_network(registered),
        PRODUCTION / "network.yaml": overlays.production_network(registered),
    }


def deployment(documents: list[Any]) -> Any:
    return next(document for document in documents if document["kind"] == "Deployment")


def complete_routes(route: Any, registered: Registered) -> None:
    rules = route["spec"]["rules"]
    ensure(rules, overlays.routes(registered, rules[0]["filters"]))


def change(path: Path, registered: Registered, complete: Callable[[list[Any]], None]) -> tuple[Path, str]:
    """The file's new text. The module that was generated last names the services that have gone."""
    documents = parse(path.read_text(encoding="utf-8")) if path.exists() else [parse("{}")[0]]
    gone = [name for name in services.SERVICES if name not in registered]
    for document in documents:
        prune(document, mentions(gone))
    prune(documents, mentions(gone))
    complete(documents)
    return path, render(documents)
