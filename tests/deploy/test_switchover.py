"""`deploy/kubernetes/switchover.sh` with a `kubectl` that only writes down its commands.

`make test-production` runs it on a cluster.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "kubernetes" / "switchover.sh"
KUBECTL = """#!/bin/sh
echo "$*" >>"$SAID"
case "$*" in
    *$FAILS*) [ -e "$SAID.failed" ] || { : >"$SAID.failed"; eval "$HOW"; } ;;
    *"get pod"*) echo "posts-db ${ROLE:-replica}" ;;
esac
"""
PAUSE, RESUME = (f'{{"spec": {{"pgbouncer": {{"paused": {paused}}}}}}}' for paused in ("true", "false"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    (tmp_path / "sleep").symlink_to(shutil.which("true") or "")
    return tmp_path


@pytest.fixture(params=["HUP", "INT", "TERM"])
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """A signal that a program gets. One that pytest was told to ignore (`nohup`) could not be trapped."""
    number = signal.Signals[f"SIG{request.param}"]
    before = signal.signal(number, signal.SIG_DFL)
    yield request.param
    signal.signal(number, before)


def switch(folder: Path, **settings: str) -> tuple[int, list[str]]:
    """The exit status, and the commands that change something."""
    said = folder / "said"
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "SAID": str(said), "FAILS": "nothing", "HOW": "exit 1"}
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), "posts", "posts-db-2"],
        env=environment | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    commands = said.read_text().splitlines()
    return done.returncode, [line for line in commands if "patch" in line or "promote" in line]


def patch(paused: str) -> str:
    return f"--namespace trivium --request-timeout 20s patch pooler posts-pooler --type merge --patch {paused}"


PROMOTE = "cnpg --namespace trivium promote posts-db posts-db-2"


def test_the_poolers_are_paused_for_the_promotion(folder: Path) -> None:
    assert switch(folder) == (0, [patch(PAUSE), PROMOTE, patch(RESUME)])


@pytest.mark.parametrize("fails", ["cnpg version", "--for condition=Ready"])
def test_nothing_is_paused_that_cannot_be_switched_over(folder: Path, fails: str) -> None:
    assert switch(folder, FAILS=fails) == (1, [])


def test_a_primary_is_no_standby(folder: Path) -> None:
    assert switch(folder, ROLE="primary") == (1, [])


@pytest.mark.parametrize("fails", ["promote", "currentPrimary", "instanceRole}=primary"])
def test_after_a_failure_the_poolers_resume(folder: Path, fails: str) -> None:
    assert switch(folder, FAILS=fails) == (1, [patch(PAUSE), PROMOTE, patch(RESUME)])


def test_after_a_signal_the_poolers_resume(folder: Path, name: str) -> None:
    assert switch(folder, FAILS="promote", HOW=f"kill -{name} $PPID") == (1, [patch(PAUSE), PROMOTE, patch(RESUME)])


def test_a_resume_that_fails_is_tried_again(folder: Path) -> None:
    assert switch(folder, FAILS=RESUME) == (0, [patch(PAUSE), PROMOTE, patch(RESUME), patch(RESUME)])
