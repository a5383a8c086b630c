"""The services in the manifests of deploy/kubernetes/base: one folder each, and who may speak to whom."""

from __future__ import annotations

from typing import Any, Final

from ruamel.yaml.scalarint import ScalarInt

from common import __version__
from common.contracts import events
from common.state_events import EventData
from deploy.generate.documents import Default, Exactly, Text, flow, listed
from deploy.kubernetes.manifests import COMPONENT, NAME
from deploy.services import COLLECTOR, ISSUER, RegistryError, Service, addressed, setting_of

API: Final = "kustomize.config.k8s.io/v1beta1"
SECRETS: Final = "/run/secrets/trivium"
HTTP: Final = 8000
READABLE: Final = ScalarInt(440, width=4)
"""0440: for the pod's user and group. Written as Kubernetes reads it."""
Registered = dict[str, Service]


def shown(registered: Registered) -> Registered:
    """The services of the overlays."""
    return {name: service for name, service in registered.items() if not service.off}


def base(registered: Registered) -> dict[str, Any]:
    addresses = [f"{name.upper()}_URL=http://{name}-api:8000" for name in addressed(shown(registered))]
    return {
        "resources": [*shown(registered), "network.yaml"],
        "configMapGenerator": [{"name": "trivium", "literals": addresses}],
    }


def folder(service: Service, clients: list[str]) -> dict[str, Any]:
    """base/NAME/kustomization.yaml; `clients` sign in to auth."""
    name = service.name
    kustomization: dict[str, Any] = {
        "apiVersion": API,
        "kind": "Kustomization",
        "namePrefix": f"{name}-",
        "resources": listed("../service" if service.database else "../stateless"),
        "labels": [{"pairs": flow(**{NAME: name}), "includeSelectors": True}],
        "images": [Default(flow(name="trivium-service", newName=f"trivium-{name}", newTag=__version__))],
        "configMapGenerator": [{"name": "settings", "literals": settings(service)}],
        "patches": [{"target": flow(kind="Deployment"), "patch": secrets("apps/v1", "Deployment", sources(service))}],
    }
    if service.database:
        literals = [f"OWNER_DATABASE_PASSWORD_FILE={SECRETS}/owner-database-password"]
        owner = [source(f"{name}-database-owner", {"password": "owner-database-password"})]
        if name == ISSUER:
            literals += [f"{setting_of(f'svc-{one}-secret')}={SECRETS}/svc-{one}-secret" for one in clients]
            owner += [source(f"svc-{one}", {"secret": f"svc-{one}-secret"}) for one in clients]
        fixed = flow(disableNameSuffixHash=True)
        kustomization["configMapGenerator"] += [{"name": "migration", "literals": literals, "options": fixed}]
        kustomization["patches"] += [{"target": flow(kind="Job"), "patch": secrets("batch/v1", "Job", owner)}]
    return kustomization


def settings(service: Service) -> list[str]:
    found = [f"DATABASE_PASSWORD_FILE={SECRETS}/database-password"] if service.database else []
    found += [f"CLIENT_SECRET_FILE={SECRETS}/client-secret"] if service.signs_in else []
    return found + [f"{setting_of(secret)}={SECRETS}/{secret}" for secret in service.secrets]


def sources(service: Service) -> list[Any]:
    found = [source(f"{service.name}-database", {"password": "database-password"})] if service.database else []
    found += [source(f"svc-{service.name}", {"secret": "client-secret"})] if service.signs_in else []
    if service.secrets:
        found.append(source(f"{service.name}-keys", {secret: secret for secret in service.secrets}))
    return found


def source(name: str, files: dict[str, str]) -> Any:
    """A Secret's keys as files."""
    return {"secret": flow(name=name, items=listed(*(flow(key=key, path=path) for key, path in files.items())))}


def secrets(version: str, kind: str, projected: list[Any]) -> Text:
    """A patch: the secrets of a workload."""
    volume = {"name": "secrets", "projected": {"defaultMode": READABLE, "sources": projected}}
    pod = {"template": {"spec": {"volumes": [volume]}}}
    return Text({"apiVersion": version, "kind": kind, "metadata": flow(name="any"), "spec": pod})


def flows(registered: Registered) -> dict[str, set[str]]:
    """The services that each one sends requests to: calls, events, auth for tokens, and exports."""
    return {name: to(name, registered) & registered.keys() - {name} for name in registered}


def to(name: str, registered: Registered) -> set[str]:
    service = registered[name]
    exporters = {one for one, other in registered.items() if other.exports and name == COLLECTOR}
    return {*service.calls, *told(name, registered), *exporters, *([ISSUER] if service.signs_in else [])}


def owners_of_events() -> dict[str, str]:
    """The owner of each type of event; empty if several services send it."""
    return {kind.type: kind.owner for kind in EventData.__subclasses__() if kind.__module__ == events.__name__}


def told(owner: str, registered: Registered) -> set[str]:
    """The services that get events of this one.

    Raises:
        RegistryError: one of them hears a type that nobody sends.
    """
    owners = owners_of_events()
    for name, service in registered.items():
        for unknown in service.hears:
            if unknown not in owners:
                raise RegistryError(f"{name} hears {unknown}, which is no type of common.contracts.events")
    return {name for name, service in registered.items() if owner in {owners[one] for one in service.hears}} - {owner}


def network(registered: Registered) -> list[Any]:
    """base/network.yaml."""
    to = flows(shown(registered))
    made = []
    for name, called in to.items():
        callers = [one for one in to if name in to[one]]
        ways = {  # an empty list of values is invalid, so a service without callers has no such rule
            "ingress": [opened("from", [others(callers, "api", "relay")], HTTP)] if callers else [],
            "egress": [opened("to", [others([one for one in to if one in called], "api")], HTTP)] if called else [],
        }
        own = {"matchLabels": flow(**{NAME: name}), "matchExpressions": [among(COMPONENT, "api", "relay")]}
        made.append(policy(name, own, **ways))
    return made


def policy(name: str, pods: dict[str, Any], **ways: list[Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": pods, "policyTypes": listed(*(way.title() for way in ways)), **ways},
    }


def opened(end: str, peers: list[Any], *ports: int) -> dict[str, Any]:
    return {end: peers, "ports": [flow(protocol="TCP", port=port) for port in ports]}


def others(names: list[str], *components: str) -> dict[str, Any]:
    return pods(matchExpressions=[among(NAME, *names), among(COMPONENT, *components)])


def pods(**selector: Any) -> dict[str, Any]:
    return {"podSelector": selector}


def among(key: str, *values: str) -> Any:
    return flow(key=key, operator="In", values=Exactly(values))
