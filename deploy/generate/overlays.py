"""The services in the overlays: their images, their databases, and who may speak to these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common import __version__
from deploy.generate.documents import Default, Text, flow, listed
from deploy.generate.kubernetes import (
    API,
    HTTP,
    READABLE,
    Registered,
    among,
    opened,
    pods,
    policy,
    shown,
)
from deploy.kubernetes.flows import POSTGRES
from deploy.kubernetes.manifests import COMPONENT, NAME
from deploy.kubernetes.policies import PREFERRED
from deploy.services import Service

KUBERNETES: Final = (443, 6443)
CLUSTER: Final = "cnpg.io/cluster"
POOLER: Final = "cnpg.io/poolerName"


def with_databases(registered: Registered) -> list[str]:
    return [name for name, service in shown(registered).items() if service.database]


def generated(name: str, *literals: str) -> dict[str, Any]:
    return {"name": name, "behavior": "merge", "literals": [*literals]}


def migrations(names: list[str], profile: str) -> list[Any]:
    address = "OWNER_DATABASE_URL=postgresql://{0}_owner@{0}-db-rw:5432/{0}"
    return [
        {**generated(f"{name}-migration"), "literals": listed(f"PROFILE={profile}", address.format(name))}
        for name in names
    ]


def local(registered: Registered) -> dict[str, Any]:
    """overlays/local/kustomization.yaml."""
    names = with_databases(registered)
    settings = [
        generated(f"{name}-settings", f"DATABASE_URL=postgresql://{name}@{name}-db-rw:5432/{name}") for name in names
    ]
    return {
        "resources": [f"database/{name}" for name in names],
        "images": [Default(flow(name=f"trivium-{name}", newTag=__version__)) for name in shown(registered)],
        "configMapGenerator": [*settings, *migrations(names, "local")],
    }


def production(registered: Registered) -> dict[str, Any]:
    """overlays/production/kustomization.yaml."""
    names = with_databases(registered)
    images = [
        flow(name=f"trivium-{name}", newName=f"registry.example.com/trivium-{name}", newTag=__version__)
        for name in shown(registered)
    ]
    settings = [
        generated(
            f"{name}-settings",
            f"DATABASE_URL=postgresql://{name}@{name}-pooler:5432/{name}",
            f"DIRECT_DATABASE_URL=postgresql://{name}@{name}-db-rw:5432/{name}",
        )
        for name in names
    ]
    return {
        "resources": [f"database/{name}" for name in names],
        "images": [Default(image) for image in images],
        "configMapGenerator": [*settings, *migrations(names, "production")],
    }


def gateway(registered: Registered) -> dict[str, Any]:
    """The Deployment of overlays/local/gateway.yaml."""
    upstreams = [
        flow(name=f"{name.upper()}_UPSTREAM", value=f"{name}-api:{HTTP}")
        for name, service in shown(registered).items()
        if service.paths
    ]
    return {"spec": {"template": {"spec": {"containers": [{"name": "gateway", "env": upstreams}]}}}}


def routes(registered: Registered, shared: Mapping[str, Any]) -> list[Any]:
    """The rules of overlays/production/route.yaml, with the keys that all of them share."""
    return [
        {
            "matches": [{"path": flow(type="PathPrefix", value=path)} for path in service.paths],
            **shared,
            "backendRefs": [flow(name=f"{name}-api", port=HTTP)],
        }
        for name, service in shown(registered).items()
        if service.paths
    ]


def local_database(service: Service) -> dict[str, Any]:
    """overlays/local/database/NAME/kustomization.yaml."""
    name = service.name
    container = {"name": "postgres", "env": [flow(name="SERVICE", value=name)]}
    files = {"superuser": "superuser-password", "owner": f"{name}-owner-password", "": f"{name}-password"}
    sources = [
        {
            "secret": flow(
                name="-".join(filter(None, (name, "database", role))), items=listed(flow(key="password", path=path))
            )
        }
        for role, path in files.items()
    ]
    volume = {"name": "secrets", "projected": {"defaultMode": READABLE, "sources": sources}}
    pod = {"template": {"spec": {"containers": [container], "volumes": [volume]}}}
    patch = Text({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": flow(name="any"), "spec": pod})
    return {
        **kustomization(name, includeSelectors=True),
        "patches": [{"target": flow(kind="StatefulSet"), "patch": patch}],
    }


def kustomization(name: str, **labels: bool) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "Kustomization",
        "namePrefix": f"{name}-",
        "resources": listed("../db"),
        "labels": [{"pairs": flow(**{NAME: name}), **labels}],
    }


def production_database(service: Service) -> dict[str, Any]:
    """overlays/production/database/NAME/kustomization.yaml."""
    name = service.name
    cluster, these = flow(name=f"{name}-db"), flow(matchLabels=flow(**{POOLER: f"{name}-pooler"}))
    role = flow(name=name, ensure="present", login=True, inherit=True, passwordSecret=flow(name=f"{name}-database"))
    initdb, template = "/spec/bootstrap/initdb", "/spec/template"
    nodes = f"{template}/spec/topologySpreadConstraints/0"
    zones = f"{template}/spec/affinity/podAntiAffinity/{PREFERRED}/0/podAffinityTerm"
    patches: dict[str, dict[str, Any]] = {
        "Cluster": {
            f"{initdb}/database": name,
            f"{initdb}/owner": f"{name}_owner",
            f"{initdb}/secret": flow(name=f"{name}-database-owner"),
            "/spec/managed": {"roles": [role]},
        },
        "Pooler": {
            "/spec/cluster": cluster,
            f"{template}/metadata/labels/app.kubernetes.io~1name": name,
            f"{nodes}/labelSelector": these,
            f"{zones}/labelSelector": these,
        },
        "PodDisruptionBudget": {"/spec/selector": these},
        "ScheduledBackup": {"/spec/cluster": cluster},
    }
    return {**kustomization(name), "patches": [added(kind, values) for kind, values in patches.items()]}


def added(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """A patch that adds values to the manifests of a kind."""
    operations = [{"op": "add", "path": path, "value": value} for path, value in values.items()]
    return {"target": flow(kind=kind), "patch": Text(operations)}


def of(name: str, *components: str) -> dict[str, Any]:
    """The selector of a service's pods."""
    if len(components) == 1:
        return {"matchLabels": flow(**{NAME: name, COMPONENT: components[0]})}
    return {"matchLabels": flow(**{NAME: name}), "matchExpressions": [among(COMPONENT, *components)]}


def local_network(registered: Registered) -> list[Any]:
    """overlays/local/network.yaml."""
    found = []
    for name in with_databases(registered):
        clients, database = of(name, "api", "migrate"), of(name, "database")
        found.append(policy(f"{name}-to-database", clients, egress=[opened("to", [pods(**database)], POSTGRES)]))
        found.append(policy(f"{name}-database", database, ingress=[opened("from", [pods(**clients)], POSTGRES)]))
    return found


def production_network(registered: Registered) -> list[Any]:
    """overlays/production/network.yaml."""
    found = []
    for name in with_databases(registered):
        without = [flow(key=POOLER, operator="DoesNotExist")]
        instances = {"matchLabels": flow(**{CLUSTER: f"{name}-db"}), "matchExpressions": without}
        pooler, api = {"matchLabels": flow(**{POOLER: f"{name}-pooler"})}, of(name, "api")
        direct = of(name, "relay", "migrate")
        asked, answered = opened("to", [pods(**instances)], POSTGRES), [pods(**pooler), pods(**direct)]
        kubernetes = {"ports": opened("to", [], *KUBERNETES)["ports"]}
        found += [
            policy(f"{name}-to-database", api, egress=[opened("to", [pods(**pooler)], POSTGRES)]),
            policy(f"{name}-to-database-directly", direct, egress=[asked]),
            policy(
                f"{name}-pooler", pooler, ingress=[opened("from", [pods(**api)], POSTGRES)], egress=[asked, kubernetes]
            ),
            policy(
                f"{name}-database",
                instances,
                ingress=[
                    opened("from", answered, POSTGRES),
                    opened("from", [pods(**instances)], POSTGRES, HTTP),
                ],
                egress=[opened("to", [pods(**instances)], POSTGRES, HTTP)],
            ),
        ]
    return found
