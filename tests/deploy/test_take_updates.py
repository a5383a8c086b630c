# file: only with posts
"""A repository of an adopter takes a release by `git merge`, as in docs/tutorial/take-updates.md, in a copy.

`make test-new-service ARGS="-k release"` runs this, in ten minutes on two busy cores.
"""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from deploy.services import ROOT
from tests.deploy.copies import CHECKS, Copy

GATES: Final = (
    *CHECKS,
    "mypy --strict services/posts services/newcomer tests/newcomer",
    "pytest -q -p no:cacheprovider tests/newcomer tests/posts/test_quokkas.py tests/test_personal_data.py",
)
AGAIN: Final = {"docs/openapi.json", *(f"docs/reference/{page}.md" for page in ("commands", "problems", "settings"))}
"""Files that the tutorial's commands make again, of those that both sides change here."""
COMPLETED: Final = {f"deploy/kubernetes/overlays/{name}/kustomization.yaml" for name in ("local", "production")}
"""Files with the images' versions, in which `make generate` completes the release's side."""


@pytest.mark.new_service
def test_a_release_is_merged_into_a_repository_with_a_service_of_its_own(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    copy.run("git tag v-before")
    release(copy)
    copy.run("git switch --quiet --create adopter v-before")
    copy.run("python -m deploy.generate.service new newcomer")
    copy.run("python -m deploy.new_resource newcomer invoices 'number:line due:moment?'")
    (copy.folder / "changes/+newcomer.feature.md").write_text("A service of our own.\n")
    copy.follow()
    copy.commit("ours")

    merge = "git -c user.name=tests -c user.email=tests@example.com merge --quiet --no-edit v-after"
    assert subprocess.run(merge.split(), cwd=copy.folder, capture_output=True, check=False).returncode == 1
    conflicts = set(copy.run("git diff --name-only --diff-filter=U").split())
    assert conflicts <= AGAIN | COMPLETED
    copy.run(f"git checkout --quiet --theirs {' '.join(conflicts & COMPLETED)}")
    copy.run("python -m deploy.version 0.2.0")
    copy.run("python -m deploy.generate")
    copy.follow()
    copy.commit("merged")

    for gate in GATES:
        copy.run(gate)
    assert copy.run("git status --porcelain") == ""
    described = json.loads((copy.folder / "docs/openapi.json").read_text())
    assert {"/posts/quokkas", "/newcomer/invoices"} <= set(described["paths"])
    assert described["info"]["version"] == "0.2.0"
    assert 'version = "0.2.0"' in (copy.folder / "services/newcomer/pyproject.toml").read_text()


def release(copy: Copy) -> None:
    """What the next release brings: routes, a migration, changes of a few files by hand, and another version."""
    copy.run("git switch --quiet --create upstream")
    copy.run("python -m deploy.new_resource posts quokkas words:line")
    copy.run("towncrier build --yes --version 0.2.0")
    copy.run("python -m deploy.version 0.2.0")
    copy.follow()
    copy.run("python -m deploy.release.breaking --release")
    copy.commit("release")
    copy.run("git tag v-after")


def test_files_that_are_generated_as_a_whole_get_no_marks_of_a_conflict() -> None:
    clients = json.loads((ROOT / "libs/clients/made.json").read_text())["files"]
    names = ["docs/openapi.json", "libs/clients/made.json", "libs/common/src/common/services.py"]
    asked = ("git", "check-attr", "merge", *names, "deploy/gateway/services.caddy", *clients)
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, text=True).stdout.splitlines()
    assert len(said) == len(names) + 1 + len(clients)
    assert [line for line in said if not line.endswith(": merge: unset")] == []
