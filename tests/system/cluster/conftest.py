# folder: only with posts
"""Trivium on a real cluster: `make test-cluster`.

KUBECONFIG names a cluster of your own. For it, name these commands too (here those for kind):

    LOAD_IMAGES="kind load docker-image" ON_NODE="docker exec {node}"
    LOSE_NODE="docker kill {node}" REGAIN_NODE="docker start {node}"

Without KUBECONFIG, the program CLUSTER makes a cluster (commands: status, up, load, exec, down).
"""

import asyncio
import json
import os
import shlex
import shutil
import ssl
import string
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from httpx import AsyncClient

from common.db.schema_check import revisions
from deploy.kubernetes.secrets import all_secrets
from deploy.local.ports import free_port
from deploy.services import STARTED
from tests.system.compose.conftest import status_of, until
from tests.system.conftest import ROOT, Meet
from tests.system.ledger import Verdict
from tests.system.load import NO_TLS, Load
from tests.system.verdict import read_back

KUBERNETES = ROOT / "deploy" / "kubernetes"
TOOL = os.environ.get("CLUSTER", str(ROOT.parent / "shared" / "cluster" / "cluster"))
LOAD_IMAGES = shlex.split(os.environ.get("LOAD_IMAGES", f"{TOOL} load"))
ON_NODE = os.environ.get("ON_NODE", f"{TOOL} exec {{number}}")
LOSE_NODE = os.environ.get("LOSE_NODE", "kill -9 $(pgrep -P $(cat /run/trivium-cluster/{node}.pid))")
REGAIN_NODE = os.environ.get("REGAIN_NODE", f"{TOOL} up")
NAMESPACE = "trivium"
IMAGES = (*STARTED, "gateway")
FIRST, EXPANDED, CONTRACTED, BROKEN = (f"0.1.0-test.{number}" for number in (1, 2, 3, 4))
"""Releases of the same code. Each later one of posts has more migrations: `releases`."""
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
    """One namespace of a cluster, and an overlay of our own on `base`: gateway and services have two replicas there."""

    overlay: Path
    environment: dict[str, str]
    namespace: str = NAMESPACE
    url: str = ""
    tls: ssl.SSLContext = NO_TLS
    base: Path = KUBERNETES / "overlays" / "local"

    def kubectl(self, *words: str, given: str | None = None) -> str:
        return run("kubectl", "--namespace", self.namespace, *words, environment=self.environment, given=given)

    def load(self, tag: str) -> None:
        """Give the cluster a release, whose image of posts `derive_posts` has just built."""
        for name in IMAGES:
            source = "trivium-posts-of-a-test" if name == "posts" else f"trivium-{name}"
            run("docker", "tag", source, f"trivium-{name}:{tag}")
        run(*LOAD_IMAGES, *(f"trivium-{name}:{tag}" for name in IMAGES), environment=self.environment)

    def apply(self, tag: str, *patches: dict[str, Any]) -> str:
        """Apply a release; returns the words of `kubectl`."""
        made = {"resources": [os.path.relpath(self.base, self.overlay)], **self.release(tag, *patches)}
        (self.overlay / "kustomization.yaml").write_text(yaml.safe_dump(made))
        return self.kubectl("apply", "--kustomize", str(self.overlay))

    def release(self, tag: str, *patches: dict[str, Any]) -> dict[str, Any]:
        """What the overlay changes in its base."""
        return {
            "images": [{"name": f"trivium-{name}", "newTag": tag} for name in IMAGES],
            "patches": [TWO_REPLICAS, TWO_GATEWAYS, *patches],
        }

    def settle(self) -> None:
        """Wait until all pods are new and ready."""
        self.kubectl("wait", "--for", "condition=complete", "job", "--all", "--timeout", "5m")
        for kind in ("statefulset", "deployment"):
            self.kubectl("rollout", "status", kind, "--timeout", "5m")
        ready = "jsonpath={.status.readyReplicas}=2"
        self.kubectl("wait", "--for", ready, "deployment", "--selector", "app.kubernetes.io/component=api")

    def end_migrations(self) -> None:
        self.kubectl("delete", "job", "--selector", MIGRATIONS, "--cascade=foreground")

    def pods(self, selector: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            self.kubectl("get", "pod", "--selector", selector, "--output", "json")
        )["items"]
        return found

    def on_node(self, node: str, *command: str) -> str:
        """Run a program on a node."""
        prefix = ON_NODE.format(node=node, number=node.lstrip(string.ascii_letters + "-"))
        return run(*shlex.split(prefix), *command, environment=self.environment)

    def last_node(self) -> str:
        """One to lose: this machine may reach the cluster's addresses by the first one."""
        names = ("get", "node", "--output", "jsonpath={.items[*].metadata.name}")
        nodes = self.kubectl(*names).split()
        assert len(nodes) > 1, "a lost node needs a second one"
        workers = self.kubectl(*names, "--selector", "!node-role.kubernetes.io/control-plane").split()
        return (workers or nodes)[-1]

    @contextmanager
    def cordoned(self, node: str) -> Iterator[None]:
        """Pods that start meanwhile start on other nodes."""
        self.kubectl("cordon", node)
        try:
            yield
        finally:
            self.kubectl("uncordon", node)

    def restart(self, namespace: str, name: str) -> None:
        """Restart a deployment, and wait until its new pods are ready."""
        for command in (("restart",), ("status", "--timeout", "2m")):
            words = ("--namespace", namespace, "rollout", command[0], f"deployment/{name}", *command[1:])
            self.kubectl(*words)

    def lose(self, node: str) -> None:
        """End a node at once, with all its pods."""
        run("sh", "-c", LOSE_NODE.format(node=node), environment=self.environment)

    def regain(self, node: str) -> None:
        run("sh", "-c", REGAIN_NODE.format(node=node), environment=self.environment)
        self.kubectl("wait", "--for", "condition=Ready", f"node/{node}", "--timeout", "2m")

    def jobs(self) -> set[str]:
        return set(self.kubectl("get", "job", "--output", "name").split())


@pytest.fixture(scope="session")
def access() -> Iterator[dict[str, str]]:
    """The environment of programs that reach the cluster."""
    if shutil.which(TOOL) is None and not {"KUBECONFIG", "LOAD_IMAGES"} <= os.environ.keys():
        pytest.fail("name your cluster by KUBECONFIG, and a command that gives it images by LOAD_IMAGES")
    environment = dict(os.environ)
    with ExitStack() as stack:
        if "KUBECONFIG" not in os.environ:
            if "is down" in run(TOOL, "status"):
                stack.callback(run, TOOL, "down")
            settings = run(TOOL, "up").splitlines()[-1].removeprefix("export ").split()
            environment |= {name: os.path.expandvars(value) for name, value in (one.split("=", 1) for one in settings)}
        yield environment


@contextmanager
def namespace(made: Cluster) -> Iterator[None]:
    """A cluster's namespace is ours for as long as the block runs. It must not exist, and is deleted at the end."""
    there = made.kubectl("get", "namespace", "--output", "name").split()
    assert f"namespace/{made.namespace}" not in there, f"the cluster has a namespace {made.namespace} already"
    try:
        yield
    finally:
        made.kubectl("delete", "namespace", made.namespace, "--ignore-not-found", "--timeout", "5m")


@pytest.fixture(scope="session")
def cluster(access: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster, with the first release."""
    folder = tmp_path_factory.mktemp("cluster") / "overlay"
    folder.mkdir()
    made = Cluster(folder, access)
    with namespace(made):
        install(made)
        with address(made) as made.url:
            yield made


def build_services() -> None:
    for service in STARTED:
        build = ("-f", "deploy/docker/Dockerfile", "--build-arg", f"SERVICE={service}", "-t", f"trivium-{service}")
        run("docker", "build", *build, ".")


def build_gateway() -> None:
    run("docker", "build", "-f", "deploy/gateway/Dockerfile", "-t", "trivium-gateway", ".")


def prepare(made: Cluster, secrets: list[dict[str, Any]]) -> None:
    """Make the namespace with its Secrets."""
    made.kubectl("apply", "--filename", str(KUBERNETES / "namespace.yaml"))
    made.kubectl("create", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": secrets}))


def install(made: Cluster) -> None:
    build_services()
    build_gateway()
    for tag, migrations in releases().items():
        derive_posts(made.overlay.parent / tag, migrations)
        made.load(tag)
    run(*LOAD_IMAGES, "postgres:17", environment=made.environment)
    prepare(made, all_secrets(local=True))
    began = time.monotonic()
    said = made.apply(FIRST)
    made.settle()
    note(what="installed", seconds=round(time.monotonic() - began), warnings=said.count("Warning"))


def releases() -> dict[str, dict[str, str]]:
    """The migrations that each release of posts adds: file name -> content."""
    head = revisions(ROOT / "services" / "posts" / "migrations")[-1]
    numbers = [f"{int(head) + step:04}" for step in (1, 2, 3)]

    def migration(step: int, statement: str) -> dict[str, str]:
        before = (head, *numbers)[step]
        lines = [
            "from alembic import op",
            f'revision = "{numbers[step]}"',
            f'down_revision = "{before}"',
            "def upgrade() -> None:",
            f'    op.execute("{statement}")',
        ]
        return {f"{numbers[step]}_of_a_test.py": "\n".join([*lines, ""])}

    expand = migration(0, "ALTER TABLE posts ADD COLUMN mood text NOT NULL DEFAULT 'calm'")
    contract = migration(1, "ALTER TABLE posts DROP COLUMN mood")
    broken = migration(2, "SELECT 1 / 0")
    return {FIRST: {}, EXPANDED: expand, CONTRACTED: expand | contract, BROKEN: expand | contract | broken}


def derive_posts(folder: Path, migrations: dict[str, str]) -> None:
    """Build the image of posts with these migrations."""
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM trivium-posts\nCOPY versions /app/services/posts/migrations/versions/\n")
    (folder / "versions").mkdir()
    for name, content in {"README": "of a test\n", **migrations}.items():
        (folder / "versions" / name).write_text(content)
    run("docker", "build", "--quiet", "-t", "trivium-posts-of-a-test", str(folder))


async def run_system_tests(made: Cluster) -> None:
    environment = {**os.environ, "SYSTEM_URL": made.url}
    command = [sys.executable, "-m", "pytest", "tests/system", "-m", "stack and not timing"]
    said = await asyncio.to_thread(run, *command, environment=environment)
    note(what="tests/system", said=said.splitlines()[-1])


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
    command = ("kubectl", "--namespace", made.namespace, "port-forward", "service/gateway", f"{port}:8000")
    with subprocess.Popen(command, env=made.environment, stdout=subprocess.DEVNULL) as forwarding:
        until(f"http://127.0.0.1:{port}/healthz", 200, 30)
        yield f"http://127.0.0.1:{port}"
        forwarding.terminate()


@pytest.fixture(scope="session")
def url(cluster: Cluster) -> str:
    return cluster.url


def note(**figures: object) -> None:
    """Record figures in .local/cluster.json, one line each; FIGURES names another file."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / os.environ.get("FIGURES", "cluster.json")).open("a") as file:
        file.write(json.dumps(figures) + "\n")


@asynccontextmanager
async def under_load(cluster: Cluster, gateway: AsyncClient, meet: Meet, what: str) -> AsyncIterator[Load]:
    people = [await meet(f"Person {number}") for number in range(5)]
    load = Load(cluster.url, 5.0, cluster.tls)
    async with load.on(people):
        await asyncio.sleep(2)
        yield load
        await asyncio.sleep(2)
    note(what=what, **load.figures(), reasons=[outcome.reason for outcome in load.failed[:3]])
    assert await read_back(gateway, people, load.ledger) == Verdict()
