"""`overlays/production` on a cluster: CloudNativePG, its poolers, rate limits in Valkey, autoscalers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.kubernetes.secrets import all_secrets, opaque
from deploy.services import STARTED
from tests.system.cluster.conftest import (
    FIRST,
    IMAGES,
    LOAD_IMAGES,
    MIGRATIONS,
    TWO_REPLICAS,
    Cluster,
    address,
    build_gateway,
    build_services,
    namespace,
    note,
    prepare,
    run,
)
from tests.system.cluster.production import programs

OVERLAY = Path(__file__).parent / "overlay"
GATEWAYS = "gateway-system"
NO_PICTURES = [f"PICTURES_{name}=" for name in ("URL", "ENDPOINT", "KEY_ID", "SECRET_FILE")]
OTHERS = (("auth-mail", "password"),)
"""Secrets that the platform provides: a name and its key."""


@dataclass
class Production(Cluster):
    """A cluster with an overlay on `overlay`, which is `overlays/production` in small."""

    literals: tuple[str, ...] = ()
    """More settings of all services."""

    def release(self, tag: str, *patches: dict[str, Any]) -> dict[str, Any]:
        images = [
            {"name": f"registry.example.com/trivium-{name}", "newName": f"trivium-{name}", "newTag": tag}
            for name in STARTED
        ]
        literals = [*NO_PICTURES, *self.literals]
        settings = [
            {"name": f"{name}-settings", "namespace": self.namespace, "behavior": "merge", "literals": literals}
            for name in STARTED
        ]
        return {"images": images, "configMapGenerator": settings, "patches": [TWO_REPLICAS, *patches]}

    def settle(self) -> None:
        self.kubectl("wait", "--for", "condition=Ready", "cluster", "--all", "--timeout", "10m")
        # the operator deletes its own Jobs
        self.kubectl("wait", "--for", "condition=Complete", "job", "--selector", MIGRATIONS, "--timeout", "10m")
        self.kubectl("rollout", "status", "deployment", "--timeout", "5m")

    def promote(self, service: str, standby: str) -> str:
        """By CloudNativePG's plugin for kubectl."""
        return run(
            "kubectl", "cnpg", "--namespace", self.namespace, "promote", f"{service}-db", standby,
            environment=self.with_plugins,
        )  # fmt: skip

    def switch_over(self, service: str, standby: str) -> str:
        return run("sh", "deploy/kubernetes/switchover.sh", service, standby, environment=self.with_plugins)

    def node_of(self, pod: str) -> str:
        return self.kubectl("get", "pod", pod, "--output", "jsonpath={.spec.nodeName}")

    @property
    def with_plugins(self) -> dict[str, str]:
        path = f"{self.overlay.parent / 'programs'}:{self.environment['PATH']}"
        return {**self.environment, "PATH": path, "NAMESPACE": self.namespace}

    def primary(self, service: str) -> str:
        return self.kubectl("get", "cluster", f"{service}-db", "--output", "jsonpath={.status.currentPrimary}")

    def standby(self, service: str) -> str:
        instances = self.kubectl("get", "cluster", f"{service}-db", "--output", "jsonpath={.status.instanceNames[*]}")
        (standby,) = set(instances.split()) - {self.primary(service)}
        return standby


@pytest.fixture(scope="session")
def cluster(access: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    (folder / "overlay").mkdir()
    made = Production(folder / "overlay", access, base=OVERLAY)
    with namespace(made):
        programs.install(made, folder / "programs")
        load_images(made)
        prepare(made, all_secrets(local=False) + [opaque(name, (key,), local=False) for name, key in OTHERS])
        began = time.monotonic()
        said = made.apply(FIRST)
        made.settle()
        note(what="production installed", seconds=round(time.monotonic() - began), warnings=said.count("Warning"))
        with our_gateway(Cluster(folder, access, GATEWAYS)) as made.url:
            yield made


def load_images(made: Production) -> None:
    build_services()
    build_gateway()
    names = [f"trivium-{name}" for name in IMAGES]
    for name in names:
        run("docker", "tag", name, f"{name}:{FIRST}")
    run(*LOAD_IMAGES, *(f"{name}:{FIRST}" for name in names), "postgres:17", environment=made.environment)


@contextmanager
def our_gateway(there: Cluster) -> Iterator[str]:
    """Our gateway in the namespace of Gateways, which stays; yields its address."""
    if f"namespace/{GATEWAYS}" not in there.kubectl("get", "namespace", "--output", "name").split():
        there.kubectl("create", "namespace", GATEWAYS)
    manifests = ("--filename", str(OVERLAY / "gateway.yaml"))
    try:
        there.kubectl("create", *manifests)
        there.kubectl("rollout", "status", "deployment/gateway", "--timeout", "2m")
        with address(there) as url:
            yield url
    finally:
        there.kubectl("delete", "--ignore-not-found", *manifests)
