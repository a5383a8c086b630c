"""`kubectl`'s rendering of an overlay on production, and of a change of settings: `make test-overlays`."""

import copy
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from deploy.kubernetes import policies
from deploy.kubernetes.check import FOLDER, errors, render
from deploy.kubernetes.manifests import NAME, Manifest, named, of_kind
from deploy.kubernetes.size import quota_errors, size
from deploy.services import DATABASES

pytestmark = pytest.mark.kubectl
DEPLOY = FOLDER.parents[1] / "docs" / "operations" / "deploy.md"


@pytest.fixture(scope="module", autouse=True)
def kubectl() -> None:
    """Renders them; it needs no cluster."""
    if shutil.which("kubectl") is None:
        pytest.fail("there is no kubectl here: install Kubernetes' client, 1.27 or later")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example overlay, for changes."""
    for folder in (FOLDER, FOLDER.parent / "valkey"):
        shutil.copytree(folder, tmp_path / folder.name)
    return tmp_path / "kubernetes" / "overlays" / "example"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@cache
def rendered(name: str) -> list[Manifest]:
    """An overlay's manifests, not to be changed."""
    return render(FOLDER / "overlays" / name)


@pytest.fixture
def production() -> list[Manifest]:
    """The production overlay's manifests, for changes."""
    return copy.deepcopy(rendered("production"))


def migrations(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {job["metadata"]["name"]: job["spec"] for job in of_kind(manifests, "Job")}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("overlays/example/kustomization.yaml", "newTag: 0.2.0-rc.1@", "newTag: 0.3.0@"),
        ("overlays/example/kustomization.yaml", "@sha256:0a", "@sha256:0b"),
        ("base/service/migrate.yaml", "memory: 300Mi", "memory: 301Mi"),
    ],
)
def test_a_changed_migration_has_another_name(example: Path, file: str, old: str, new: str) -> None:
    """Jobs are immutable: `kubectl apply` would refuse the change."""
    before = migrations(rendered("example"))
    change(example.parents[1] / file, old, new)
    made = render(example)
    after = migrations(made)
    kept = before.keys() & after.keys()
    assert len(kept) < len(after)
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    assert [error for rule in policies.RULES for error in rule(made)] == []


def test_a_migration_without_kustomizes_hash_is_found(example: Path) -> None:
    change(example.parents[1] / "base/service/migrate.yaml", "needsHashSuffix", "needsNoSuffix")
    assert len(list(policies.jobs_are_named_by_their_content(render(example)))) == len(DATABASES)


def test_a_changed_setting_replaces_the_replicas_and_leaves_the_migrations_as_they_are(example: Path) -> None:
    before = rendered("example")
    change(example / "kustomization.yaml", "api.example.net", "api.example.org")
    after = render(example)
    assert migrations(after) == migrations(before)
    assert of_kind(after, "Deployment") != of_kind(before, "Deployment")


@pytest.mark.parametrize("name", ["users-api", "users-relay", "users-pooler"])
def test_replicas_that_may_share_a_node_or_leave_it_together_are_found(production: list[Manifest], name: str) -> None:
    made = production
    pods = [one for one in of_kind(made, "Deployment", "Pooler") if one["metadata"]["name"] == name]
    pods[0]["spec"]["template"]["spec"]["topologySpreadConstraints"].pop()
    assert len(list(policies.replicas_are_spread(made))) == 1
    (budget,) = (one for one in of_kind(made, "PodDisruptionBudget") if one["metadata"]["name"] == name)
    budget["spec"]["maxUnavailable"] = 2
    assert len(list(policies.replicas_go_one_by_one(made))) == 1
    made.remove(budget)
    assert len(list(policies.replicas_go_one_by_one(made))) == 1


@pytest.mark.parametrize(
    ("name", "replicas"), [("production", "minReplicas"), ("production", "maxReplicas"), ("local", "minReplicas")]
)
def test_the_documented_sizes_are_those_of_the_manifests(name: str, replicas: str) -> None:
    """For the services that the page names; others may have been added."""
    page = DEPLOY.read_text()
    (sentence,) = re.findall(r"the requests of the pods of ([^;]+);", page)
    services = {*re.findall(r"`(\w+)`", sentence), "gateway"}
    manifests = [one for one in rendered(name) if one["metadata"]["labels"].get(NAME) in services]
    cpu, memory, volumes = size(manifests, replicas)
    assert f"| {cpu:.1f} | {memory / 2**30:.1f} GiB | {volumes / 2**30:.0f} GiB |" in page


@pytest.mark.parametrize("name", ["local", "production"])
def test_what_delete_takes_away_is_neither_the_namespace_nor_a_secret(name: str) -> None:
    """`kubectl delete --kustomize` deletes what the overlay has; the Secrets hold `key-encryption-key`."""
    made = rendered(name)
    assert of_kind(made, "Namespace", "Secret") == []
    assert of_kind(made, "Service", "Cluster")


@pytest.mark.parametrize(("cpu", "memory", "found"), [("16", "32Gi", 0), ("8", "32Gi", 1), ("8", "16Gi", 2)])
def test_an_update_beyond_the_quota_is_found(cpu: str, memory: str, found: int) -> None:
    quota = {"kind": "ResourceQuota", "spec": {"hard": {"requests.cpu": cpu, "requests.memory": memory}}}
    assert len(list(quota_errors(rendered("production"), [quota]))) == found


def test_production_is_sound_without_the_store_of_rate_limits(tmp_path: Path) -> None:
    shutil.copytree(FOLDER.parent, tmp_path / "deploy")
    overlay = tmp_path / "deploy/kubernetes/overlays/production"
    text = (overlay / "kustomization.yaml").read_text()
    with_it, without = text.splitlines(), [line for line in text.splitlines() if "valkey" not in line]
    assert len(without) == len(with_it) - 1
    (overlay / "kustomization.yaml").write_text("\n".join(without).replace("components:\n", ""))
    made = render(overlay)
    assert list(errors(made)) == []
    assert not [name for name in map(named, made) if "rate-limit-store" in name]
