"""Checks that the NetworkPolicies allow the required traffic of the databases and of the store.

It reads only peers that are pods of the same namespace, and
ports that are numbers: our policies have no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from deploy.kubernetes.manifests import COMPONENT, Manifest, of_kind, workloads
from deploy.kubernetes.selectors import Labels, selects
from deploy.services import DATABASES

POSTGRES: Final = 5432
HTTP: Final = 8000
STORE: Final = 6379


def lets(policies: Sequence[Manifest], way: str, one: Labels, other: Labels, port: int) -> bool:
    """Whether a policy of one pod allows traffic with the other: `ingress` from it, or `egress` to it."""
    end = "from" if way == "ingress" else "to"
    flows = (
        flow
        for policy in policies
        if selects(policy["spec"]["podSelector"], one)
        for flow in policy["spec"].get(way, [])
        if any(allowed["port"] == port for allowed in flow["ports"])
    )
    return any(end not in flow or any(is_peer(peer, other) for peer in flow[end]) for flow in flows)


def is_peer(peer: Manifest, labels: Labels) -> bool:
    return "namespaceSelector" not in peer and selects(peer.get("podSelector", {}), labels)


def may_speak(manifests: Sequence[Manifest], source: Labels, target: Labels, port: int) -> bool:
    policies = of_kind(manifests, "NetworkPolicy")
    return lets(policies, "egress", source, target, port) and lets(policies, "ingress", target, source, port)


def clusters_work(manifests: Sequence[Manifest]) -> Iterator[str]:
    """For CloudNativePG: pods by their labels, and which of them must or must not reach an instance."""
    for cluster in of_kind(manifests, "Cluster"):
        name = cluster["metadata"]["name"]
        service = name.removesuffix("-db")
        own: Labels = {"cnpg.io/cluster": name, "app.kubernetes.io/name": "postgresql", COMPONENT: "database"}
        instance = {**own, "cnpg.io/podRole": "instance"}
        wanted = {
            "another instance": instance,
            "the Job that makes a replica": {**own, "cnpg.io/jobRole": "join"},
            "the pooler": {
                **own,
                COMPONENT: "pooler",
                "cnpg.io/podRole": "pooler",
                "cnpg.io/poolerName": f"{service}-pooler",
            },
            "the relay": pod(service, "relay"),
            "the migration": pod(service, "migrate"),
        }
        for who, labels in wanted.items():
            if not may_speak(manifests, labels, instance, POSTGRES):
                yield f"{who} cannot reach an instance of {name}"
        for stranger in DATABASES:
            if stranger != service and any(
                may_speak(manifests, pod(stranger, component), instance, POSTGRES)
                for component in ("api", "relay", "migrate")
            ):
                yield f"{stranger} can reach an instance of {name}"


def store_works(manifests: Sequence[Manifest]) -> Iterator[str]:
    """For the store of rate limits: the services' replicas reach it, and nobody else does."""
    for name, labels, _ in workloads(manifests):
        if labels.get(COMPONENT) != "store":
            continue
        for other, theirs, _ in workloads(manifests):
            counts, may = theirs.get(COMPONENT) == "api", may_speak(manifests, theirs, labels, STORE)
            if counts != may:
                yield f"{other} {'cannot' if counts else 'can'} reach {name}"
            if may_speak(manifests, labels, theirs, HTTP):
                yield f"{name} can reach {other}"


def pod(service: str, component: str) -> Labels:
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/component": component}
