"""Reads manifests: their kinds, workloads, containers and settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from deploy.kubernetes.selectors import Labels

Manifest = dict[str, Any]
COMPONENT: Final = "app.kubernetes.io/component"
NAME: Final = "app.kubernetes.io/name"


def named(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(manifests: Sequence[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def workloads(manifests: Sequence[Manifest]) -> Iterator[tuple[str, Manifest, Manifest]]:
    """Each workload's name, its pod's labels and its pod's spec."""
    for manifest in of_kind(manifests, "Deployment", "StatefulSet", "Job"):
        template = manifest["spec"]["template"]
        yield named(manifest), template["metadata"].get("labels", {}), template["spec"]


def containers(manifests: Sequence[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for name, _, pod in workloads(manifests):
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            yield f"{name}, container {container['name']}", container


def replicated(manifests: Sequence[Manifest]) -> Iterator[tuple[str, Labels, Manifest]]:
    """As `workloads`: those with replicas, except CloudNativePG's instances, which their operator spreads."""
    for name, labels, pod in workloads(manifests):
        if labels.get(COMPONENT) in ("api", "relay"):
            yield name, labels, pod
    for pooler in of_kind(manifests, "Pooler"):
        yield named(pooler), {"cnpg.io/poolerName": pooler["metadata"]["name"]}, pooler["spec"]["template"]["spec"]


def configured(manifests: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    """All values of settings, by their ConfigMap or container."""
    for manifest in of_kind(manifests, "ConfigMap"):
        for value in manifest.get("data", {}).values():
            yield named(manifest), value
    for name, container in containers(manifests):
        for one in container.get("env", []):
            yield name, one.get("value", "")
