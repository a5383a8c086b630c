"""Trivium behind a real implementation of the Gateway API: the HTTPRoute and the policy of `overlays/production`.

The implementation is Envoy Gateway, built from public packages. For one that your cluster has already, name its
GatewayClass and its proxies' namespace: GATEWAY_CLASS=… GATEWAY_NAMESPACE=…. This machine must reach the Gateway's
address, or GATEWAY_ADDRESS. A class of Envoy Gateway also gets the policies that docs/operations/deploy.md recommends.
"""

import json
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from httpx import AsyncClient

from deploy.kubernetes.manifests import Manifest, of_kind
from deploy.kubernetes.secrets import all_secrets
from deploy.services import STARTED
from tests.auth.certificates import certificate_for
from tests.system.cluster.conftest import (
    KUBERNETES,
    LOAD_IMAGES,
    TWO_REPLICAS,
    Cluster,
    build_services,
    namespace,
    run,
)
from tests.system.cluster.gateway import envoy_gateway
from tests.system.conftest import ROOT
from tests.waiting import GENEROUS

NAMESPACE, ECHOES = "trivium-route", "trivium-route-echo"
HOST, ECHO = "api.example.net", "echo.example.net"
GATEWAYS = os.environ.get("GATEWAY_NAMESPACE", envoy_gateway.NAMESPACE)
"""Of the Gateway and its proxies: the one that the policy of `overlays/production` admits."""
GATEWAY = "trivium-test"
RELEASE = "0.1.0-test.route"
PRODUCTION = KUBERNETES / "overlays" / "production"
DOCUMENT = ROOT / "docs" / "operations" / "deploy.md"
SCRIPT = Path(__file__).with_name("echo.py").read_text()


def replace(path: str, value: object) -> dict[str, object]:
    return {"op": "replace", "path": path, "value": value}


def patch(kind: str, name: str, *changes: dict[str, object]) -> dict[str, Any]:
    return {"target": {"kind": kind, "name": name}, "patch": json.dumps(changes)}


def to_gateway(host: str) -> dict[str, Any]:
    """The patch of the HTTPRoute that `overlays/example` shows."""
    parents = [{"name": GATEWAY, "namespace": GATEWAYS, "sectionName": "https"}]
    return patch("HTTPRoute", "trivium", replace("/spec/parentRefs", parents), replace("/spec/hostnames", [host]))


def admitted() -> list[Any]:
    """From where production's policy admits requests, with the namespace of this test's Gateway."""
    policies = yaml.safe_load_all((PRODUCTION / "network.yaml").read_text())
    (policy,) = [one for one in of_kind(list(policies), "NetworkPolicy") if one["metadata"]["name"] == "from-gateway"]
    ingress: list[Any] = policy["spec"]["ingress"]
    ingress[0]["from"][0]["namespaceSelector"]["matchLabels"] = {"kubernetes.io/metadata.name": GATEWAYS}
    return ingress


def recommend(made: Cluster, kind: str) -> None:
    """Apply a policy of Envoy Gateway as docs/operations/deploy.md shows it, if it is there."""
    if "backendtrafficpolicies.gateway.envoyproxy.io" not in made.kubectl("get", "crd", "--output", "name"):
        return
    shown = DOCUMENT.read_text().partition("### Envoy Gateway\n")[2].partition("```yaml\n")[2].partition("```")[0]
    (policy,) = of_kind(list(yaml.safe_load_all(shown.replace("example-gateway", GATEWAY))), kind)
    apply(made, policy | {"metadata": {"name": GATEWAY}})


@pytest.fixture(scope="module")
def gateway_class(access: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("GATEWAY_CLASS")
    if given:
        yield given
        return
    made = Cluster(tmp_path_factory.mktemp("gateway"), access, GATEWAYS)
    apply(made, manifest("v1", "Namespace", GATEWAYS))
    with envoy_gateway.installed(made.kubectl, access) as name:
        yield name


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the Gateway's certificate and key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate_for("*.example.net", folder)
    return folder


@pytest.fixture(scope="module")
def proxy(
    gateway_class: str, access: dict[str, str], tls: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """The namespace of the Gateway, which accepts routes of both namespaces. The url is the one of the services."""
    made = Cluster(tmp_path_factory.mktemp("gateway"), access, GATEWAYS, f"https://{HOST}")
    made.tls = ssl.create_default_context(cafile=tls / "certificate.pem")
    secret = ("secret", "tls", GATEWAY, "--cert", str(tls / "certificate.pem"), "--key", str(tls / "key.pem"))
    ours = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [NAMESPACE, ECHOES]}
    listener = {
        "name": "https",
        "port": 443,
        "protocol": "HTTPS",
        "tls": {"certificateRefs": [{"name": GATEWAY}]},
        "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchExpressions": [ours]}}},
    }
    gateway = manifest("gateway.networking.k8s.io/v1", "Gateway", GATEWAY)
    gateway["spec"] = {"gatewayClassName": gateway_class, "listeners": [listener]}
    try:
        made.kubectl("create", *secret)
        apply(made, gateway)
        recommend(made, "ClientTrafficPolicy")
        made.kubectl("wait", "--for", "condition=Programmed", f"gateway/{GATEWAY}", "--timeout", "3m")
        with pytest.MonkeyPatch.context() as patching:
            found = made.kubectl("get", "gateway", GATEWAY, "--output", "jsonpath={.status.addresses[0].value}")
            names_lead_to(os.environ.get("GATEWAY_ADDRESS", found), patching)
            yield made
    finally:
        kinds = ("gateway", "secret", "clienttrafficpolicies.gateway.envoyproxy.io")
        known = made.kubectl("api-resources", "--output", "name").split()
        for kind in kinds if kinds[-1] in known else kinds[:2]:
            made.kubectl("delete", kind, GATEWAY, "--ignore-not-found")


def manifest(version: str, kind: str, name: str) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}}


def apply(made: Cluster, *manifests: Manifest) -> None:
    made.kubectl("apply", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))


def names_lead_to(address: str, patching: pytest.MonkeyPatch) -> None:
    """This process finds the hosts of the routes at the Gateway's address, as with DNS."""
    ask = socket.getaddrinfo

    def answer(host: Any, *rest: Any, **options: Any) -> Any:
        return ask(address if host in (HOST, ECHO, HOST.encode(), ECHO.encode()) else host, *rest, **options)

    patching.setattr(socket, "getaddrinfo", answer)


@pytest.fixture(scope="module")
def service_images(access: dict[str, str]) -> None:
    build_services()
    names = [f"trivium-{service}:{RELEASE}" for service in STARTED]
    for service, name in zip(STARTED, names, strict=True):
        run("docker", "tag", f"trivium-{service}", name)
    run(*LOAD_IMAGES, *names, "postgres:17", environment=access)


def overlay(made: Cluster, resources: list[str], *patches: Mapping[str, Any], **more: Any) -> None:
    """Apply an overlay with production's route."""
    (made.overlay / "route.yaml").write_text((PRODUCTION / "route.yaml").read_text())
    content = {"namespace": made.namespace, "resources": [*resources, "route.yaml"], "patches": [*patches], **more}
    (made.overlay / "kustomization.yaml").write_text(yaml.safe_dump(content))
    made.kubectl("apply", "--kustomize", str(made.overlay))
    accepted = 'jsonpath={.status.parents[0].conditions[?(@.type=="ResolvedRefs")].status}=True'
    made.kubectl("wait", "--for", accepted, "httproute/trivium", "--timeout", "1m")


@pytest.fixture(scope="module")
async def echoes(
    proxy: Cluster, service_images: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsyncClient]:
    """A client of servers that answer with what they got, at the places of the services."""
    made = Cluster(tmp_path_factory.mktemp("echoes"), proxy.environment, ECHOES)
    with namespace(made):
        made.kubectl("create", "namespace", ECHOES)
        items = [one for service in STARTED for one in echo(service)]
        (made.overlay / "echo.yaml").write_text(yaml.safe_dump_all(items))
        overlay(made, ["echo.yaml"], to_gateway(ECHO))
        made.kubectl("rollout", "status", "deployment", "--timeout", "2m")
        async with AsyncClient(base_url=f"https://{ECHO}", verify=proxy.tls, timeout=60, trust_env=False) as client:
            yield client


def echo(service: str) -> Iterator[Manifest]:
    labels = {"app.kubernetes.io/name": service, "app.kubernetes.io/component": "api"}
    spec = {
        "containers": [
            {
                "name": "echo",
                "image": f"trivium-auth:{RELEASE}",
                "command": ["python", "-c", SCRIPT, service],
                "readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1},
            }
        ],
        "terminationGracePeriodSeconds": 1,
    }
    workload = manifest("apps/v1", "Deployment", f"{service}-api")
    template = {"metadata": {"labels": labels}, "spec": spec}
    yield workload | {"spec": {"selector": {"matchLabels": labels}, "template": template}}
    yield manifest("v1", "Service", f"{service}-api") | {"spec": {"selector": labels, "ports": [{"port": 8000}]}}


@pytest.fixture(scope="module")
def behind(proxy: Cluster, service_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The services of `overlays/local` behind the Gateway instead of our own gateway, as production has them."""
    folder = tmp_path_factory.mktemp("behind")
    made = Cluster(folder, proxy.environment, NAMESPACE, proxy.url, proxy.tls)
    with namespace(made):
        make_namespace(made)
        settings = [f'TRUSTED_PROXIES=["{pods_network(made)}"]', f"ISSUER={made.url}", "RATE_LIMITS=true"]
        limits = [f"RATE_LIMIT_{name}=10000" for name in ("GENERAL", "REFRESH", "REGISTRATION", "SIGN_IN")]
        overlay(
            made,
            [os.path.relpath(KUBERNETES / "overlays" / "local", folder)],
            TWO_REPLICAS,
            to_gateway(HOST),
            patch("NetworkPolicy", "from-gateway", replace("/spec/ingress", admitted())),
            patch("Deployment", "gateway", replace("/spec/replicas", 0)),
            images=[{"name": f"trivium-{service}", "newTag": RELEASE} for service in STARTED],
            configMapGenerator=[{"name": "trivium", "behavior": "merge", "literals": [*settings, *limits]}],
        )
        recommend(made, "BackendTrafficPolicy")
        made.settle()
        yield made


def addresses(made: Cluster) -> list[str]:
    """Of the pods in the Gateway's namespace, its proxies among them."""
    where = ("--namespace", GATEWAYS, "--output", "jsonpath={.items[*].status.podIP}")
    return made.kubectl("get", "pod", *where).split()


def pods_network(made: Cluster) -> IPv4Network:
    """PODS_NETWORK, or the /16 around a pod."""
    return IPv4Network(os.environ.get("PODS_NETWORK", f"{addresses(made)[0]}/16"), strict=False)


def make_namespace(made: Cluster) -> None:
    """As namespace.yaml and the Secrets, under another name."""
    text = (KUBERNETES / "namespace.yaml").read_text()
    made.kubectl("apply", "--filename", "-", given=re.sub(r"(name|namespace): trivium\b", rf"\1: {NAMESPACE}", text))
    secrets = [one | {"metadata": one["metadata"] | {"namespace": NAMESPACE}} for one in all_secrets(local=True)]
    made.kubectl("create", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": secrets}))


@pytest.fixture(scope="module")
async def gateway(behind: Cluster) -> AsyncIterator[AsyncClient]:
    """A client of the services, through the Gateway."""
    async with AsyncClient(base_url=behind.url, verify=behind.tls, timeout=GENEROUS, trust_env=False) as client:
        yield client
