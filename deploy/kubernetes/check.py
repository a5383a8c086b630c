"""`python -m deploy.kubernetes.check`: render the overlays, and check them against schemas, policies and the budget.

Your own overlays are checked if you name them: `python -m deploy.kubernetes.check FOLDER …`.

It needs no cluster, but `kubectl` to render. Without `kubectl` it prints a message and checks nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import kubernetes_validate  # type: ignore[import-untyped]
import yaml

from deploy.kubernetes.budget import budget, poolers_reconnect, replicas_are_told
from deploy.kubernetes.flows import clusters_work, store_works
from deploy.kubernetes.manifests import Manifest, named
from deploy.kubernetes.policies import RULES, namespace_enforces
from deploy.kubernetes.routes import route_errors
from deploy.kubernetes.size import quota_errors

FOLDER: Final = Path(__file__).parent
NAMESPACE: Final = FOLDER / "namespace.yaml"
OVERLAYS: Final = tuple(FOLDER / "overlays" / name for name in ("local", "production", "example"))
VERSIONS: Final = ("1.33", kubernetes_validate.latest_version())
# Kinds of operators, which Kubernetes' own schemas do not have.
CUSTOM: Final = frozenset({"Cluster", "Pooler", "ScheduledBackup", "ObjectStore", "HTTPRoute"})
# It would read its schemas, which have megabytes, for each manifest.
kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)


def render(folder: Path) -> list[Manifest]:
    """The manifests that `kubectl apply --kustomize` would send."""
    text = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if text.returncode != 0:
        sys.exit(f"{folder} cannot be rendered: {text.stderr.strip()}")
    return [manifest for manifest in yaml.load_all(text.stdout, yaml.CSafeLoader) if manifest]


def schema_errors(manifests: Sequence[Manifest]) -> Iterator[str]:
    for manifest in manifests:
        if manifest["kind"] in CUSTOM:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{named(manifest)}, Kubernetes {version}: {error.message}"


def errors(manifests: Sequence[Manifest]) -> Iterator[str]:
    yield from schema_errors(manifests)
    for rule in RULES:
        yield from rule(manifests)
    yield from budget(manifests)
    yield from poolers_reconnect(manifests)
    yield from replicas_are_told(manifests)
    yield from clusters_work(manifests)
    yield from store_works(manifests)
    yield from route_errors(manifests)
    yield from quota_errors(manifests, list(yaml.safe_load_all(NAMESPACE.read_text())))


def main() -> int:
    """Exit code 0 without violations."""
    if shutil.which("kubectl") is None:
        sys.stdout.write("Kubernetes: no kubectl here, so the manifests are not checked\n")
        return 0
    folders = [Path(name) for name in sys.argv[1:]] or OVERLAYS
    found = [f"overlay {folder.name}: {error}" for folder in folders for error in errors(render(folder))]
    namespace = list(yaml.safe_load_all(NAMESPACE.read_text()))
    found += [f"{NAMESPACE.name}: {error}" for error in (*schema_errors(namespace), *namespace_enforces(namespace))]
    sys.stdout.write(
        "".join(f"{line}\n" for line in found) or f"Kubernetes {', '.join(VERSIONS)}: the manifests are sound\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
