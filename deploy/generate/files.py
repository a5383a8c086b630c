"""All files that name the services: those that are written as a whole, and those that are completed in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import tomlkit

from common import services
from deploy.generate import compose, constants, gateway, kubernetes, overlays
from deploy.generate.documents import ensure, mentions, parse, prune, render
from deploy.observability import files as observability
from deploy.services import ROOT, Service

KUBERNETES: Final = ROOT / "deploy/kubernetes"
BASE, LOCAL, PRODUCTION = (KUBERNETES / folder for folder in ("base", "overlays/local", "overlays/production"))
KUSTOMIZATION: Final = "kustomization.yaml"
SKELETON: Final = "tests/skeleton/service/src"
"""The code that `make new-service` copies, which is tested like all other code."""
Registered = dict[str, Service]
Complete = Callable[[list[Any]], None]
"""Adds what is missing to the documents of a file."""


def wanted(registered: Registered) -> dict[Path, str]:
    """The content of each file as it should be."""
    return {
        constants.PLACE: constants.module(registered),
        gateway.PLACE: gateway.paths(registered),
        ROOT / "pyproject.toml": pyproject((ROOT / "pyproject.toml").read_text(encoding="utf-8"), registered),
        **{path: change(path, registered, complete) for path, complete in completed(registered).items()},
        **observability.files([name for name, service in registered.items() if not service.off]),
    }


def pyproject(text: str, registered: Registered) -> str:
    """With the folders in which mypy finds the services. (ruff understands `services/*/src`.)"""
    document = tomlkit.parse(text)
    services = [f"{service.package}/src" for service in registered.values()]
    folders = ["libs/common/src", "libs/clients/python/src", *services, SKELETON, "."]
    mypy: Any = document["tool"]["mypy"]
    if mypy["mypy_path"] != folders:
        mypy["mypy_path"] = folders
    return tomlkit.dumps(document)


def completed(registered: Registered) -> dict[Path, Complete]:
    """The YAML files that are completed in place, and lose services that are no longer registered."""
    upstreams = overlays.gateway(registered)
    return {
        ROOT / "docker-compose.yml": lambda found: compose.complete(found[0], registered),
        **{path: partial(complete_first, content) for path, content in manifests(registered).items()},
        **{path: partial(complete_all, policies) for path, policies in networks(registered).items()},
        LOCAL / "gateway.yaml": lambda found: ensure(deployment(found), upstreams),
        PRODUCTION / "route.yaml": lambda found: complete_routes(found[0], registered),
    }


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


def complete_first(content: Any, documents: list[Any]) -> None:
    ensure(documents[0], content)


def complete_all(policies: list[Any], documents: list[Any]) -> None:
    ensure(documents, policies)


def deployment(documents: list[Any]) -> Any:
    return next(document for document in documents if document["kind"] == "Deployment")


def complete_routes(route: Any, registered: Registered) -> None:
    rules = route["spec"]["rules"]
    shared = {key: rules[0][key] for key in ("timeouts", "filters") if key in rules[0]}
    ensure(rules, overlays.routes(registered, shared))


def change(path: Path, registered: Registered, complete: Complete) -> str:
    """The file's new text. The module that was generated last names the services that have gone."""
    documents = parse(path.read_text(encoding="utf-8")) if path.exists() else [parse("{}")[0]]
    gone = [name for name in services.SERVICES if name not in registered]
    for document in documents:
        prune(document, mentions(gone))
    prune(documents, mentions(gone))
    complete(documents)
    return render(documents)
