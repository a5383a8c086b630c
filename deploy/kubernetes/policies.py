"""Rules for our manifests beyond their schemas. Each rule returns its violations (S-47 to S-51)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from common.network_types import narrow
from deploy.kubernetes.manifests import (
    COMPONENT,
    Manifest,
    configured,
    containers,
    named,
    of_kind,
    replicated,
    workloads,
)
from deploy.kubernetes.selectors import selects
from deploy.services import STARTED

Rule = Callable[[Sequence[Manifest]], Iterator[str]]

LEAST_USER: Final = 10001
POSTGRES_USER: Final = 999  # its image has no other user
POD_NAME: Final = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
HASHED: Final = re.compile(r"-[a-z0-9]{10}$")
"""The suffix that Kustomize adds to the names of ConfigMaps and of migration Jobs."""
JOB_BOUNDS: Final = {"backoffLimit": 6, "activeDeadlineSeconds": 3600, "ttlSecondsAfterFinished": 86400}
HOST: Final = re.compile(r"([a-z0-9][a-z0-9.-]*):\d+")
"""The host in `host:port`, as in addresses of databases and upstreams."""
PRIVATE: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
NODE: Final = "kubernetes.io/hostname"
ZONE: Final = "topology.kubernetes.io/zone"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
PER_SERVICE: Final = ("Deployment", "Service", "HorizontalPodAutoscaler", "ServiceAccount")


def every_service_is_whole(manifests: Sequence[Manifest]) -> Iterator[str]:
    there = {named(manifest) for manifest in manifests}
    for service in STARTED:
        for kind in PER_SERVICE:
            if f"{kind}/{service}-api" not in there:
                yield f"{service} has no {kind}"
        if f"NetworkPolicy/{service}" not in there:
            yield f"{service} has no NetworkPolicy"


def pods_are_restricted(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Pod Security "restricted", and one of our users (S-50)."""
    for name, labels, pod in workloads(manifests):
        context = pod.get("securityContext", {})
        least = POSTGRES_USER if labels.get(COMPONENT) == "database" else LEAST_USER
        if (
            not context.get("runAsNonRoot")
            or context.get("runAsUser", 0) < least
            or context.get("runAsGroup", 0) < least
        ):
            yield f"{name} must run as a user and group of {least} or above"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} needs the seccomp profile RuntimeDefault"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name} must not get a service account's token"
        if pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}:
            yield f"{name} must not share the host's namespaces"
        for volume in pod.get("volumes", []):
            if not volume.keys() & {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"}:
                yield f"{name} has a volume {volume['name']} of a kind that is not allowed"


def containers_are_locked(manifests: Sequence[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        context = container.get("securityContext", {})
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield f"{name} must not gain privileges"
        if not context.get("readOnlyRootFilesystem"):
            yield f"{name} must have a read-only root file system"
        capabilities = context.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            yield f"{name} must drop all capabilities"
        if "hostPort" in str(container.get("ports")):
            yield f"{name} must not take a port of the host"


def containers_have_bounds(manifests: Sequence[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        resources = container.get("resources", {})
        for kind in ("requests", "limits"):
            if resources.get(kind, {}).keys() < {"cpu", "memory"}:
                yield f"{name} has no {kind} of cpu and memory"


def images_have_tags(manifests: Sequence[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        if not re.search(r"(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]):
            yield f"{name} has an image without a version: {container['image']}"
    for cluster in of_kind(manifests, "Cluster"):
        image = cluster["spec"].get("imageName", "")
        if not re.search(r":\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$", image):
            yield f"{named(cluster)} has an image without a minor version: {image}"


def jobs_are_named_by_their_content(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Jobs are immutable, so a changed Job needs another name: one with Kustomize's hash. It names pods too."""
    for job in of_kind(manifests, "Job"):
        if not HASHED.search(job["metadata"]["name"]):
            yield f"{named(job)} has no hash in its name: `kubectl apply` would refuse a change"
        if not POD_NAME.fullmatch(job["metadata"]["name"]):
            yield f"{named(job)} is no name for pods"


def jobs_end(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A Job of a withdrawn release must not migrate later, or stay for ever."""
    for job in of_kind(manifests, "Job"):
        for bound, most in JOB_BOUNDS.items():
            if not 0 < job["spec"].get(bound, 0) <= most:
                yield f"{named(job)} needs {bound} of at most {most}"


def migrations_name_what_stays(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A Job must not use a ConfigMap whose name changes with its content.

    Kustomize makes the Job's hash before it inserts that name, so the Job would change and keep its own name.
    """
    for name, labels, pod in workloads(manifests):
        used = [source["configMapRef"]["name"] for one in pod["containers"] for source in one.get("envFrom", [])]
        for changing in (one for one in used if labels.get(COMPONENT) == "migrate" and HASHED.search(one)):
            yield f"{name} names {changing}, which has another name when its settings change"


def probes_differ(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A server has three different probes, and time to stop."""
    for name, labels, pod in workloads(manifests):
        if labels.get(COMPONENT) not in ("api", "gateway", "database"):
            continue
        for container in pod["containers"]:
            probes = [container.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness")]
            if None in probes or any(probes.count(probe) > 1 for probe in probes):
                yield f"{name} needs a startup, a readiness and a liveness probe that differ"
            if labels[COMPONENT] == "api" and "preStop" not in container.get("lifecycle", {}):
                yield f"{name} needs a preStop, so that it is out of the balancers before it stops"


def replicas_are_spread(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Over nodes and zones, each revision by itself: else, in an update, the new pods go where the old ones are not.

    Over zones by an anti-affinity: the scheduler ignores all of a pod's constraints on nodes that lack a label of one.
    """
    for name, labels, pod in replicated(manifests):
        constraints = pod.get("topologySpreadConstraints", [])
        preferred = pod.get("affinity", {}).get("podAntiAffinity", {}).get(PREFERRED, [])
        terms = [one["podAffinityTerm"] for one in preferred]
        for place, key, found in (("nodes", NODE, constraints), ("zones", ZONE, terms)):
            if [one["topologyKey"] for one in found] != [key]:
                yield f"{name} is not spread over {place}, by {key} alone"
            elif "labelSelector" not in found[0] or not selects(found[0]["labelSelector"], labels):
                yield f"{name} is spread over {place} among other pods"
            elif "pod-template-hash" not in found[0].get("matchLabelKeys", []):
                yield f"{name} is spread over {place} among other revisions: matchLabelKeys: [pod-template-hash]"


def replicas_leave_lost_nodes(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Within a minute: Kubernetes' default is five."""
    for name, _, pod in replicated(manifests):
        bounds = {one.get("key"): one.get("tolerationSeconds", 300) for one in pod.get("tolerations", [])}
        if any(bounds.get(f"node.kubernetes.io/{state}", 300) > 60 for state in ("not-ready", "unreachable")):
            yield f"{name} waits too long for a lost node"


def replicas_go_one_by_one(manifests: Sequence[Manifest]) -> Iterator[str]:
    """For drains of nodes."""
    budgets = [one["spec"] for one in of_kind(manifests, "PodDisruptionBudget") if "selector" in one["spec"]]
    for name, labels, _ in replicated(manifests):
        if [one.get("maxUnavailable") for one in budgets if selects(one["selector"], labels)] != [1]:
            yield f"{name} needs one PodDisruptionBudget, of one at a time"


def secrets_are_references(manifests: Sequence[Manifest]) -> Iterator[str]:
    """No secrets in manifests, and none in a container's environment, which `kubectl describe` shows (S-47)."""
    for manifest in of_kind(manifests, "Secret"):
        yield f"{named(manifest)} belongs into the cluster, not into a file"
    for name, container in containers(manifests):
        if "secretKeyRef" in str(container.get("env")) or "secretRef" in str(container.get("envFrom")):
            yield f"{name} must take its secrets from files"
    for manifest in of_kind(manifests, "ConfigMap"):
        for key in manifest.get("data", {}):
            if re.search(r"PASSWORD$|SECRET$|_KEY$", key):
                yield f"{named(manifest)} holds {key}"


def proxies_are_named(manifests: Sequence[Manifest]) -> Iterator[str]:
    """TRUSTED_PROXIES holds only the Gateway's addresses (S-13).

    If every private address were trusted, so would be the node between client and Gateway, and with it any address that
    the client sent: each request could claim another source. Without trusted proxies, all clients have one address.
    """
    for manifest in of_kind(manifests, "ConfigMap"):
        data = manifest.get("data", {})
        if data.get("PROFILE") != "production" or "ISSUER" not in data:
            continue
        trusted, edge = json.loads(data.get("TRUSTED_PROXIES", "[]")), data.get("EDGE_PROXIES", "").split()
        proxies = [ip_network(one) for one in (*trusted, *edge)]
        if not proxies:
            yield f"{named(manifest)} names no TRUSTED_PROXIES"
        try:
            narrow(proxies)
        except ValueError as error:
            yield f"{named(manifest)} in TRUSTED_PROXIES or EDGE_PROXIES {error}"
        for proxy in proxies:
            if any(one.network_address in proxy and proxy.prefixlen <= one.prefixlen for one in PRIVATE):
                yield f"{named(manifest)} believes all of {proxy}: TRUSTED_PROXIES are the Gateway's own addresses"


def references_lead_somewhere(manifests: Sequence[Manifest]) -> Iterator[str]:
    """The ConfigMaps of pods exist: Kustomize changes their names."""
    there = {manifest["metadata"]["name"] for manifest in of_kind(manifests, "ConfigMap")}
    for name, _, pod in workloads(manifests):
        wanted = {source["configMapRef"]["name"] for one in pod["containers"] for source in one.get("envFrom", [])}
        wanted |= {volume["configMap"]["name"] for volume in pod.get("volumes", []) if "configMap" in volume}
        for missing in sorted(wanted - there):
            yield f"{name} names the ConfigMap {missing}, which is not there"


def headless_services_are_not_addresses(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Without a ready pod the name of a headless Service does not exist, and DNS servers cache that answer for 30 s."""
    headless = {
        service["metadata"]["name"]
        for service in of_kind(manifests, "Service")
        if service["spec"].get("clusterIP") == "None"
    }
    for name, value in configured(manifests):
        for host in HOST.findall(value):
            if headless.intersection(host.split(".")[:2]):  # SERVICE.… or POD.SERVICE.…
                yield f"{name} connects to {host}, a Service without an address"


def strategies_have_a_type(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Kubernetes adds the default, and `kubectl apply` would remove it again each time ("configured")."""
    for deployment in of_kind(manifests, "Deployment"):
        if "type" not in deployment["spec"].get("strategy", {}):
            yield f"{named(deployment)} has a strategy without a type"


def values_are_not_empty(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Kubernetes drops the empty value of a variable, and `kubectl apply` would send it again each time."""
    for name, container in containers(manifests):
        for one in container.get("env", []):
            if one.get("value") == "":
                yield f"{name} has an empty {one['name']}"


def nothing_is_a_template(manifests: Sequence[Manifest]) -> Iterator[str]:
    """A rendered overlay can stand in a Helm chart, which would fill in `{{ … }}` (docs/adr, decision 8)."""
    for manifest in manifests:
        if "{{" in json.dumps(manifest):
            yield f"{named(manifest)} has {{{{, which Helm takes for a template"


def namespace_is_apart(manifests: Sequence[Manifest]) -> Iterator[str]:
    """`kubectl delete --kustomize` would delete the namespace, and with it the Secrets, which are not in manifests."""
    for namespace in of_kind(manifests, "Namespace"):
        yield f"{named(namespace)} must not be part of an overlay"


def namespace_enforces(manifests: Sequence[Manifest]) -> Iterator[str]:
    for namespace in of_kind(manifests, "Namespace"):
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{named(namespace)} does not enforce the standard restricted"


def nothing_speaks_by_default(manifests: Sequence[Manifest]) -> Iterator[str]:
    """One policy denies all traffic in both directions; the others allow only specific ports."""
    policies = of_kind(manifests, "NetworkPolicy")
    if not any(
        policy["spec"]["podSelector"] == {}
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not policy["spec"].keys() & {"ingress", "egress"}
        for policy in policies
    ):
        yield "no NetworkPolicy denies all that is not allowed"
    for policy in policies:
        for way in ("ingress", "egress"):
            for flow in policy["spec"].get(way, []):
                if not flow.get("ports"):
                    yield f"{named(policy)} allows every port ({way})"


RULES: Final[Sequence[Rule]] = (
    every_service_is_whole,
    pods_are_restricted,
    containers_are_locked,
    containers_have_bounds,
    images_have_tags,
    jobs_are_named_by_their_content,
    jobs_end,
    migrations_name_what_stays,
    probes_differ,
    replicas_are_spread,
    replicas_leave_lost_nodes,
    replicas_go_one_by_one,
    secrets_are_references,
    proxies_are_named,
    references_lead_somewhere,
    headless_services_are_not_addresses,
    strategies_have_a_type,
    values_are_not_empty,
    nothing_is_a_template,
    namespace_is_apart,
    nothing_speaks_by_default,
)
