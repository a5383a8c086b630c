"""Copies of the repository, for commands that change many files."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.docs.files import Repository
from deploy.services import ROOT

CHECKS: Final = (
    "ruff check libs services deploy tests",
    "ruff format --check libs services deploy tests",
    "python -m deploy.imports",
    "python -m deploy.generate --check",
    "python -m deploy.gateway.openapi --check",
    "python -m deploy.local.migrations check",
    "python -m deploy.docs check",
    "yamllint --strict docker-compose.yml deploy",
    "python -m deploy.docker.check",  # Compose resolves the file, where it is installed
    "python -m deploy.kubernetes.check",  # all overlays render, where kubectl is installed
    "python -m deploy.release.breaking",
)
"""What `make check` runs, without mypy, whose scope each test chooses, and the clients' generators."""


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
        program, *arguments = shlex.split(command)
        ours = Path(sys.executable).with_name(program)
        folders = ("libs/common/src", "libs/clients/python/src")
        code = [*(self.folder / folder for folder in folders), *self.folder.glob("services/*/src")]
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
        """As the Makefile does, without the clients, whose generator is an environment of its own."""
        self.run("python -m deploy.gateway.openapi")
        self.run("python -m deploy.docs write")
