"""`kubectl`'s rendering of an overlay on production, and of a change of settings."""

import copy
import shutil
from pathlib import Path

import pytest

from deploy.kubernetes import policies
from deploy.kubernetes.check import FOLDER, render
from deploy.kubernetes.policies import Manifest, of_kind

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders them")
DIGEST = "sha256:" + "0a" * 32


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example overlay, for changes."""
    shutil.copytree(FOLDER, tmp_path / "kubernetes")
    return tmp_path / "kubernetes" / "overlays" / "example"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def rendered() -> list[Manifest]:
    return render(FOLDER / "overlays" / "production")


@pytest.fixture
def production(rendered: list[Manifest]) -> list[Manifest]:
    """The production overlay's manifests, for changes."""
    return copy.deepcopy(rendered)


def migrations(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {job["metadata"]["name"]: job["spec"] for job in of_kind(manifests, "Job")}


@pytest.mark.parametrize(("tag", "release"), [("0.3.0", "0.3.0"), (f"0.3.0-rc.2@{DIGEST}", "0.3.0-rc.2")])
def test_the_migrations_of_an_outer_overlay_carry_its_tag(example: Path, tag: str, release: str) -> None:
    lines = (example / "kustomization.yaml").read_text().splitlines()
    changed = [f"    newTag: {tag}" if line.strip().startswith("newTag:") else line for line in lines]
    (example / "kustomization.yaml").write_text("\n".join(changed))
    made = render(example)
    assert migrations(made).keys() == {f"{service}-migrate-{release}" for service in policies.SERVICES}
    assert [error for rule in policies.RULES for error in rule(made)] == []


def test_an_outer_overlay_that_does_not_name_its_release_is_found(example: Path) -> None:
    change(example / "kustomization.yaml", "transformers:", "# transformers:")
    assert len(list(policies.migrations_carry_their_tag(render(example)))) == 3


def test_a_changed_setting_replaces_the_replicas_and_leaves_the_migrations_as_they_are(example: Path) -> None:
    before = render(example)
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
