"""The size of an overlay: CPU, memory and volumes that its pods request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from deploy.kubernetes.manifests import Manifest, of_kind

UNITS: Final = {"": Decimal(1), "m": Decimal("0.001"), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}


class Size(NamedTuple):
    """CPUs, and bytes."""

    cpu: Decimal
    memory: Decimal
    volumes: Decimal


def size(manifests: Sequence[Manifest], replicas: str) -> Size:
    """The sum over all pods that stay. `replicas`: `minReplicas` or `maxReplicas` of the autoscalers."""
    sizes = list(sizes_of_pods(manifests, replicas))
    return Size(*(sum(parts, Decimal(0)) for parts in zip(*sizes, strict=True)))


def sizes_of_pods(manifests: Sequence[Manifest], replicas: str) -> Iterator[Size]:
    scaled = {
        scaler["spec"]["scaleTargetRef"]["name"]: scaler["spec"][replicas]
        for scaler in of_kind(manifests, "HorizontalPodAutoscaler")
    }
    for one in of_kind(manifests, "Deployment", "StatefulSet", "Pooler"):
        spec = one["spec"]
        count = spec.get("replicas") or spec.get("instances") or scaled[one["metadata"]["name"]]
        claims = [claim["spec"] for claim in spec.get("volumeClaimTemplates", [])]
        for container in spec["template"]["spec"]["containers"]:
            yield times(count, container, [claim["resources"]["requests"]["storage"] for claim in claims])
    for cluster in of_kind(manifests, "Cluster"):
        spec = cluster["spec"]
        yield times(spec["instances"], spec, [spec["storage"]["size"], spec["walStorage"]["size"]])


def quota_errors(manifests: Sequence[Manifest], namespace: Sequence[Manifest]) -> Iterator[str]:
    """The largest size, with a pod more of each Deployment during an update and the migrations, within the quota."""
    updated = [
        container
        for workload in of_kind(manifests, "Deployment", "Job")
        for container in workload["spec"]["template"]["spec"]["containers"]
    ]
    largest = [size(manifests, "maxReplicas"), *(times(1, container, []) for container in updated)]
    asked = {"requests.cpu": sum(one.cpu for one in largest), "requests.memory": sum(one.memory for one in largest)}
    for quota in of_kind(namespace, "ResourceQuota"):
        for name, value in asked.items():
            if value > quantity(quota["spec"]["hard"][name]):
                yield f"an update may request {value:f} of {name}, more than the namespace's quota"


def times(count: int, one: Manifest, volumes: Sequence[str]) -> Size:
    requests = one["resources"]["requests"]
    sizes = (quantity(requests["cpu"]), quantity(requests["memory"]), sum(map(quantity, volumes), Decimal(0)))
    return Size(*(count * each for each in sizes))


def quantity(text: str) -> Decimal:
    """Kubernetes' notation, as in `500m` or `20Gi`."""
    found = re.fullmatch(r"([\d.]+)(\D*)", text)
    if found is None:
        raise ValueError(f"no quantity: {text}")
    return Decimal(found[1]) * UNITS[found[2]]
