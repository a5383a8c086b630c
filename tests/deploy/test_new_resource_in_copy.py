"""New resources in a copy of this repository: every gate and every test is green, without a touch.

One has a field of each type, each required and optional. One has the least: an optional field without text. One is the
first of users, which has no table of idempotency keys before.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from deploy.new_resource.names import TYPES
from deploy.services import ROOT

ALL: Final = " ".join(f"{kind}_here:{kind} {kind}_there:{kind}?" for kind in TYPES)
CODE: Final = ("libs", "services", "deploy/new_resource", "tests/posts", "tests/users")
CHECKS: Final = (
    ("ruff", "check", *CODE),
    ("ruff", "format", "--check", *CODE),
    ("mypy", "--strict", "services/posts", "services/users", "tests/posts", "tests/users"),
    ("deploy.imports",),
    ("deploy.gateway.openapi", "--check"),
    ("deploy.local.migrations", "check"),
    ("deploy.docs", "check"),
)
TESTS: Final = (
    *(f"tests/posts/test_{name}.py" for name in ("polls", "reading_goals", "matrix", "erasure", "export")),
    *(f"tests/users/test_{name}.py" for name in ("notes", "matrix", "erasure", "export")),
    "tests/posts/test_forged_tokens.py",
    "tests/common/test_routes.py",
    "tests/common/test_statements.py",
    "tests/test_personal_data.py",
)


class Copy:
    """A copy of this repository, whose own modules are imported there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        found = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, found.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes((ROOT / name).read_bytes())
        sources = [root, root / "libs/common/src", *root.glob("services/*/src")]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self.environment = kept | {"PYTHONPATH": os.pathsep.join(map(str, sources))}
        self.git("init", "--quiet")
        self.commit()

    def git(self, *arguments: str) -> None:
        author = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "gc.auto=0")
        subprocess.run(["git", *author, *arguments], cwd=self.root, check=True)  # noqa: S607

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "all")

    def run(self, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{module} {arguments}: {done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done

    def new(self, *arguments: str) -> str:
        return self.run("deploy.new_resource", *arguments).stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("copy"))
    assert "services/posts/src/posts/models/poll.py" in copy.new("posts", "polls", ALL)
    copy.commit()
    copy.new("posts", "reading_goals", "is_met:flag?", "--singular", "reading_goal")
    copy.new("users", "notes", "words:text", "--force")
    return copy


@pytest.mark.resource
def test_a_second_time_changes_nothing(copy: Copy) -> None:
    said = copy.new("posts", "polls", ALL)
    assert said == "posts has polls already: nothing is changed.\n"


@pytest.mark.resource
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: " ".join(check[:2]))
def test_every_gate_is_green(copy: Copy, check: Sequence[str]) -> None:
    copy.run(*check)


@pytest.mark.resource
def test_its_tests_and_those_of_all_routes_and_tables_are_green(copy: Copy) -> None:
    copy.run("pytest", "-n", "2", "-p", "no:cacheprovider", *TESTS)


@pytest.mark.resource
def test_it_follows_its_document_for_any_input(copy: Copy) -> None:
    copy.run("pytest", "-m", "fuzz", "-p", "no:cacheprovider", "tests/posts/test_fuzz.py", "tests/users/test_fuzz.py")
