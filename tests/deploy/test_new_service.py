"""`make new-service` and `make remove-service`, in a copy of the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.docs.files import Repository
from deploy.generate import service
from deploy.generate.service import Refused, require_free, require_unused
from deploy.services import REGISTRY, ROOT, SERVICES

GATES = (
    "ruff check libs services deploy tests",
    "ruff format --check libs services deploy tests",
    "mypy --strict services/newcomer tests/newcomer",
    "python -m deploy.imports",
    "python -m deploy.generate --check",
    "python -m deploy.gateway.openapi --check",
    "python -m deploy.local.migrations check",
    "python -m deploy.docs check",
    "yamllint --strict docker-compose.yml deploy",
    "python -m deploy.docker.check",  # Compose resolves the file, where it is installed
    "python -m deploy.kubernetes.check",  # all overlays render, where kubectl is installed
    "pytest -q -p no:cacheprovider tests/newcomer tests/test_personal_data.py tests/deploy/test_services.py",
)


class Copy:
    """A copy of the repository, with a commit of its own. Programs come from our own environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in Repository(ROOT).files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.run("git init --quiet")
        self.commit("before")

    def commit(self, message: str) -> None:
        self.run("git add --all")
        self.run(f"git -c user.name=tests -c user.email=tests@example.com commit --quiet --message={message}")

    def run(self, command: str) -> str:
        """Run a program on the copy's own code. Fails with its output."""
        program, *arguments = command.split()
        ours = Path(sys.executable).with_name(program)
        code = [self.folder / "libs/common/src", *self.folder.glob("services/*/src")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, code))}
        done = subprocess.run(
            [ours if ours.exists() else program, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def follow(self) -> None:
        """As the Makefile does."""
        self.run("python -m deploy.gateway.openapi")
        self.run("python -m deploy.docs write")


@pytest.mark.new_service
def test_a_new_service_passes_every_gate_and_goes_without_a_trace(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    copy.run("python -m deploy.generate.service new newcomer")
    copy.follow()
    for gate in GATES:
        copy.run(gate)
    assert "newcomer" in (copy.folder / "docker-compose.yml").read_text()
    copy.commit("newcomer")
    copy.run("python -m deploy.generate.service remove newcomer")
    copy.follow()
    assert copy.run("git diff HEAD~1") == ""
    assert copy.run("git status --porcelain --ignored=no -- services tests/newcomer").count("??") == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("posts", "posts exists already"),
        ("skeleton", "skeleton exists already"),
        ("Newcomer", "cannot be a service's name"),
        ("page", "reserved for a path"),
        ("json", "a word of Python or SQL, or an installed package"),
        ("order", "a word of Python or SQL, or an installed package"),
        ("gateway", "has a meaning in the deployment's files"),
    ],
)
def test_a_name_that_is_taken_or_reserved_is_refused(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        require_free(name)


def test_uncommitted_changes_are_not_mixed_with_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "git", lambda *_: " M README.md")
    with pytest.raises(Refused, match="there are uncommitted changes"):
        service.new("newcomer")
    assert not (ROOT / "services/newcomer").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("nobody", "there is no service nobody"), ("auth", "it issues the tokens"), ("users", "posts call users or hear")],
)
def test_a_service_that_others_need_is_not_removed(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        require_unused(name)
    assert set(REGISTRY) == set(SERVICES)


def test_data_are_deleted_only_by_the_services_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "require_unused", lambda _: None)
    monkeypatch.setattr(service, "git", lambda *_: "")
    with pytest.raises(Refused, match="DATA=users is another service than posts"):
        service.remove("posts", "users")
    assert (ROOT / "services/posts").exists()
