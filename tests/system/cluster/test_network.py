"""NetworkPolicies as a cluster enforces them: from a pod of each kind to each other, and outside."""

import asyncio
import json
from collections.abc import Iterator, Mapping

import pytest
import yaml

from deploy.kubernetes.flows import POSTGRES, STORE, may_speak
from deploy.kubernetes.manifests import COMPONENT, NAME, Manifest, workloads
from deploy.kubernetes.selectors import Labels
from tests.system.cluster.conftest import FIRST, Cluster

pytestmark = pytest.mark.cluster
HTTP, HTTPS, METRICS, KUBELET = 8000, 443, 9153, 10250
PORTS = {"database": POSTGRES, "pooler": POSTGRES, "store": STORE}
"""Of pods by their component; all others serve HTTP."""
CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor

def is_open(target):
    try:
        socket.create_connection(tuple(target), 3).close()
    except OSError:
        return False
    return True

with ThreadPoolExecutor(32) as threads:
    print(json.dumps(list(threads.map(is_open, json.loads(sys.argv[1])))))
"""
Target = tuple[str, int]


def rendered(cluster: Cluster) -> list[Manifest]:
    text = cluster.kubectl("kustomize", str(cluster.base))
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def kinds_of_pods(manifests: list[Manifest]) -> Iterator[tuple[str, Labels]]:
    """A name and the labels for each kind."""
    for _, labels, _ in workloads(manifests):
        yield f"{labels[NAME]}-{labels[COMPONENT]}", labels


def probe(name: str, labels: Labels) -> Manifest:
    """A pod with the labels of another. It is never ready, so no Service sends it anything."""
    secure = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "probe",
        "image": f"trivium-auth:{FIRST}",
        "command": ["sleep", "3600"],
        "readinessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 300},
        "securityContext": {**secure, "readOnlyRootFilesystem": True},
    }
    spec = {
        "containers": [container],
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"probe-{name}", "labels": labels}, "spec": spec}


def outside(cluster: Cluster) -> Mapping[str, Target]:
    """Places beyond the namespace that no pod needs."""
    api = cluster.kubectl("--namespace", "default", "get", "service", "kubernetes", "--output", "json")
    nodes = json.loads(cluster.kubectl("get", "node", "--output", "json"))["items"]
    dns = json.loads(
        cluster.kubectl(
            "--namespace", "kube-system", "get", "pod", "--selector", "k8s-app=kube-dns", "--output", "json"
        )
    )["items"]
    addresses = {
        node["metadata"]["name"]: each["address"]
        for node in nodes
        for each in node["status"]["addresses"]
        if each["type"] == "InternalIP"
    }
    return {
        "the API server": (json.loads(api)["spec"]["clusterIP"], HTTPS),
        "metrics of CoreDNS": (dns[0]["status"]["podIP"], METRICS),
        **{f"kubelet of {name}": (address, KUBELET) for name, address in addresses.items()},
    }


async def test_every_needed_flow_is_open_and_no_other(cluster: Cluster) -> None:
    await compare_flows(cluster)


async def compare_flows(cluster: Cluster) -> None:
    """From a pod of each kind of ours to all pods. Pods of one kind do not count: there, implementations differ."""
    manifests = rendered(cluster)
    kinds = dict(kinds_of_pods(manifests))
    pods = [pod for pod in cluster.pods(COMPONENT) if pod["status"]["phase"] == "Running"]
    targets: dict[str, tuple[Target, Labels]] = {}
    for pod in pods:
        labels = pod["metadata"]["labels"]
        port = PORTS.get(labels[COMPONENT], HTTP)
        targets[pod["metadata"]["name"]] = ((pod["status"]["podIP"], port), labels)
    forbidden = outside(cluster)
    probes = [probe(name, labels) for name, labels in kinds.items()]
    cluster.kubectl("apply", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": probes}))
    try:
        wrong, opened = [], 0
        for name, labels in kinds.items():
            cluster.kubectl("wait", "--for", "jsonpath={.status.phase}=Running", f"pod/probe-{name}", "--timeout", "1m")
            wanted = {
                target: may_speak(manifests, labels, those, place[1]) for target, (place, those) in targets.items()
            }
            wanted |= dict.fromkeys(forbidden, False)
            same_kind = {target for target, (_, those) in targets.items() if labels.items() <= those.items()}
            places = [*(place for place, _ in targets.values()), *forbidden.values()]
            found = await connections(cluster, name, places)
            opened += sum(found)
            wrong += [
                f"{name} to {target}: {'open' if is_open else 'refused'}"
                for (target, right), is_open in zip(wanted.items(), found, strict=True)
                if is_open is not right and target not in same_kind
            ]
        assert wrong == []
        assert opened > 0
    finally:
        cluster.kubectl("delete", "pod", "--now", *(one["metadata"]["name"] for one in probes))


async def connections(cluster: Cluster, name: str, places: list[Target]) -> list[bool]:
    """Whether a probe can connect to each place. Policies of a new pod take a moment to apply."""
    command = ("exec", f"probe-{name}", "--", "python", "-c", CONNECT, json.dumps(places))
    await asyncio.sleep(2)
    found: list[bool] = json.loads(await asyncio.to_thread(cluster.kubectl, *command))
    return found
