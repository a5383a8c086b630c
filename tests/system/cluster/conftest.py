"""Trivium on a real cluster: `make test-cluster`.

KUBECONFIG names a cluster of your own, and LOAD_IMAGES the command that gives it images (`kind load docker-image`).
Without KUBECONFIG, the program CLUSTER makes a cluster (commands: status, up, load, down).
"""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.kubernetes.secrets import all_secrets
from deploy.local.ports import free_port
from deploy.services import STARTED
from tests.system.compose.conftest import status_of, until
from tests.system.conftest import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
TOOL = os.environ.get("CLUSTER", str(ROOT.parent / "shared" / "cluster" / "cluster"))
NAMESPACE = "trivium"
IMAGES = (*STARTED, "gateway")
FIRST, SECOND = "0.1.0-test.1", "0.1.0-test.2"
"""Two releases of the same code."""
MIGRATIONS = "app.kubernetes.io/component=migrate"
TWO_REPLICAS = {
    "target": {"kind": "HorizontalPodAutoscaler"},
    "patch": json.dumps([{"op": "replace", "path": "/spec/minReplicas", "value": 2}]),
}
TWO_GATEWAYS = {
    "target": {"kind": "Deployment", "name": "gateway"},
    "patch": json.dumps([{"op": "replace", "path": "/spec/replicas", "value": 2}]),
}


def run(*command: str, environment: dict[str, str] | None = None, given: str | None = None) -> str:
    """Run a program in the repository's folder; returns its words."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, timeout=3600, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


@dataclass
class Cluster:
    """A cluster with an overlay on `overlays/local` of our own, in which gateway and services have two replicas."""

    overlay: Path
    load_command: list[str]
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    url: str = ""

    def kubectl(self, *words: str, given: str | None = None) -> str:
        return run("kubectl", "--namespace", NAMESPACE, *words, environment=self.environment, given=given)

    def load(self, tag: str) -> None:
        for name in IMAGES:
            run("docker", "tag", f"trivium-{name}", f"trivium-{name}:{tag}")
        run(*self.load_command, *(f"trivium-{name}:{tag}" for name in IMAGES), environment=self.environment)

    def apply(self, tag: str, *patches: dict[str, Any]) -> str:
        """Apply a release; returns the words of `kubectl`."""
        made = {
            "resources": [os.path.relpath(KUBERNETES / "overlays" / "local", self.overlay)],
            "images": [{"name": f"trivium-{name}", "newTag": tag} for name in IMAGES],
            "patches": [TWO_REPLICAS, TWO_GATEWAYS, *patches],
        }
        (self.overlay / "kustomization.yaml").write_text(yaml.safe_dump(made))
        return self.kubectl("apply", "--kustomize", str(self.overlay))

    def settle(self) -> None:
        """Wait until all pods are new and ready."""
        self.kubectl("wait", "--for", "condition=complete", "job", "--all", "--timeout", "5m")
        for kind in ("statefulset", "deployment"):
            self.kubectl("rollout", "status", kind, "--timeout", "5m")
        ready = "jsonpath={.status.readyReplicas}=2"
        self.kubectl("wait", "--for", ready, "deployment", "--selector", "app.kubernetes.io/component=api")

    def jobs(self) -> set[str]:
        return set(self.kubectl("get", "job", "--output", "name").split())


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster, with the first release. The namespace must not exist, and is deleted at the end."""
    made = Cluster(tmp_path_factory.mktemp("overlay"), shlex.split(os.environ.get("LOAD_IMAGES", f"{TOOL} load")))
    with ExitStack() as stack:
        if "KUBECONFIG" not in os.environ:
            if "is down" in run(TOOL, "status"):
                stack.callback(run, TOOL, "down")
            settings = run(TOOL, "up").splitlines()[-1].removeprefix("export ").split()
            made.environment |= {
                name: os.path.expandvars(value) for name, value in (one.split("=", 1) for one in settings)
            }
        there = made.kubectl("get", "namespace", "--output", "name").split()
        assert f"namespace/{NAMESPACE}" not in there, f"the cluster has a namespace {NAMESPACE} already"
        stack.callback(made.kubectl, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout", "5m")
        install(made)
        made.url = stack.enter_context(address(made))
        yield made


def install(made: Cluster) -> None:
    for service in STARTED:
        build = ("-f", "deploy/docker/Dockerfile", "--build-arg", f"SERVICE={service}", "-t", f"trivium-{service}")
        run("docker", "build", *build, ".")
    run("docker", "build", "-f", "deploy/gateway/Dockerfile", "-t", "trivium-gateway", ".")
    for tag in (FIRST, SECOND):
        made.load(tag)
    run(*made.load_command, "postgres:17", environment=made.environment)
    made.kubectl("apply", "--filename", str(KUBERNETES / "namespace.yaml"))
    secrets = {"apiVersion": "v1", "kind": "List", "items": all_secrets(local=True)}
    made.kubectl("create", "--filename", "-", given=json.dumps(secrets))
    began = time.monotonic()
    said = made.apply(FIRST)
    made.settle()
    note(what="installed", seconds=round(time.monotonic() - began), warnings=said.count("Warning"))


@contextmanager
def address(made: Cluster) -> Iterator[str]:
    """The gateway: CLUSTER_URL, or its ClusterIP if this machine reaches it, or a port that kubectl forwards.

    A forwarded port ends with the gateway's pod.
    """
    service = made.kubectl("get", "service", "gateway", "--output", "jsonpath={.spec.clusterIP}")
    direct = os.environ.get("CLUSTER_URL", f"http://{service}:8000")
    with httpx.Client(trust_env=False, timeout=3) as client:
        if status_of(client, f"{direct}/healthz") == 200:
            yield direct
            return
    port = free_port()
    command = ("kubectl", "--namespace", NAMESPACE, "port-forward", "service/gateway", f"{port}:8000")
    with subprocess.Popen(command, env=made.environment, stdout=subprocess.DEVNULL) as forwarding:
        until(f"http://127.0.0.1:{port}/healthz", 200, 30)
        yield f"http://127.0.0.1:{port}"
        forwarding.terminate()


@pytest.fixture(scope="session")
def url(cluster: Cluster) -> str:
    return cluster.url


def note(**figures: object) -> None:
    """Record figures in .local/cluster.json, one line each."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / "cluster.json").open("a") as file:
        file.write(json.dumps(figures) + "\n")
