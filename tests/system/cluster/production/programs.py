"""What a cluster has beside the application in production: CloudNativePG's operator and metrics-server.

Built from Go modules and Debian packages on Linux (amd64), for a cluster without a registry. An operator or a
metrics-server that is there already is kept; what is installed stays after the tests.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.system.cluster.conftest import LOAD_IMAGES, Cluster, run

FOLDER: Final = Path(__file__).parent / "images"
PACKAGES: Final = {
    "manager": "github.com/cloudnative-pg/cloudnative-pg/cmd/manager",
    "kubectl-cnpg": "github.com/cloudnative-pg/cloudnative-pg/cmd/kubectl-cnpg",
    "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server",
}
PROGRAM_IMAGES: Final = {
    "operator": "trivium-of-a-test-operator:go",
    "metrics-server": "trivium-of-a-test-metrics-server:go",
    "pgbouncer": "trivium-of-a-test-pgbouncer:debian",
    "valkey": "trivium-of-a-test-valkey:debian",
}


def build(folder: Path) -> dict[str, Path]:
    """Compile the Go programs into a folder; returns the folders of their modules' sources."""
    shutil.copy(FOLDER / "go.mod", folder)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
    for name, package in PACKAGES.items():
        run("go", "-C", str(folder), "build", "-ldflags=-s -w", "-o", name, package, environment=environment)
    shutil.copy(FOLDER / "Dockerfile", folder)
    for target, image in PROGRAM_IMAGES.items():
        run("docker", "build", "--target", target, "--tag", image, str(folder))
    modules = [program.module for program in PROGRAMS]
    listed = run("go", "-C", str(folder), "list", "-m", "-f", "{{.Path}} {{.Dir}}", *modules, environment=environment)
    return {path: Path(source) for path, source in (line.split() for line in listed.splitlines())}


@dataclass(frozen=True)
class Program:
    """A module's own manifests, in which our image replaces the released one."""

    namespace: str
    deployment: str
    label: str
    image: str
    module: str
    manifests: str
    changes: list[dict[str, Any]]

    def is_there(self, cluster: Cluster) -> bool:
        """Also under another name, as Helm's charts have it."""
        found = ("get", "deployment", "--all-namespaces", "--selector", self.label, "--output", "name")
        return "deployment.apps/" in cluster.kubectl(*found)

    def install(self, cluster: Cluster, folder: Path, source: Path) -> None:
        folder.mkdir()
        container = "/spec/template/spec/containers/0"
        image = [
            {"op": "replace", "path": f"{container}/image", "value": self.image},
            {"op": "replace", "path": f"{container}/imagePullPolicy", "value": "IfNotPresent"},
        ]
        patch = {"target": {"kind": "Deployment"}, "patch": json.dumps(image + self.changes)}
        made = {"resources": [os.path.relpath(source / self.manifests, folder)], "patches": [patch]}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(made))
        inside = ("--namespace", self.namespace)
        cluster.kubectl(*inside, "apply", "--server-side", "--kustomize", str(folder))
        cluster.kubectl(*inside, "rollout", "status", f"deployment/{self.deployment}", "--timeout", "3m")


PROGRAMS: Final = (
    Program(
        "cnpg-system",
        "cnpg-controller-manager",
        "app.kubernetes.io/name=cloudnative-pg",
        PROGRAM_IMAGES["operator"],
        "github.com/cloudnative-pg/cloudnative-pg",
        "config/default",
        # a tenth of a CPU is too little where others compile
        [{"op": "remove", "path": "/spec/template/spec/containers/0/resources/limits/cpu"}],
    ),
    Program(
        "kube-system",
        "metrics-server",
        "k8s-app=metrics-server",
        PROGRAM_IMAGES["metrics-server"],
        "sigs.k8s.io/metrics-server",
        "manifests/base",
        # the small cluster's kubelets sign their own certificates
        [{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--kubelet-insecure-tls"}],
    ),
)


def install(cluster: Cluster, folder: Path) -> None:
    """Build all, load the images, and install what is not there."""
    folder.mkdir()
    sources = build(folder)
    run(*LOAD_IMAGES, *PROGRAM_IMAGES.values(), environment=cluster.environment)
    for program in PROGRAMS:
        if not program.is_there(cluster):
            program.install(cluster, folder / program.namespace, sources[program.module])
