# folder: only with posts
"""Folders in which clients are generated, built and run with their generators' own tools, against the running stack."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from httpx import AsyncClient

from deploy.gateway.openapi import SNAPSHOT
from tests.system.conftest import ROOT

STORIES: Final = Path(__file__).parent
INSTALLED: Final = ROOT / ".local" / "clients"
"""Ignored by git. Installed packages stay there for the next run."""
UV: Final = str(Path(sys.executable).with_name("uv"))
TYPESCRIPT: Final = ("typescript@5.9.3", "@types/node@20.19.0")
QUIETLY: Final = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
NPM_INSTALL: Final = ("npm", "install", "--prefix", ".", *QUIETLY)
SUFFIXES: Final = {".ts", ".py", ".go", ".java"}
PATIENCE: Final = 600
"""Seconds for one command; most of them download something the first time."""


@dataclass(frozen=True)
class Workshop:
    """One client's folder: its tools, the document, the generated client, and the program that uses it."""

    folder: Path
    url: str

    def run(self, *command: str, **environment: str) -> str:
        """A command's output. Fails with the whole output if the command fails."""
        ours = {**os.environ, "TRIVIUM_URL": self.url, "GOTOOLCHAIN": "local", **environment}
        done = subprocess.run(
            command, cwd=self.folder, env=ours, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def install(self, *packages: str, by: Sequence[str]) -> None:
        """Install the packages, if names or versions have changed since the last run."""
        mark = self.folder / f"installed-{hashlib.sha256(repr((by, packages)).encode()).hexdigest()[:16]}"
        if not mark.exists():
            self.run(*by, *packages)
            mark.touch()

    def install_node(self, *packages: str) -> None:
        need("node", "npm")
        self.install(*packages, by=NPM_INSTALL)

    def install_python(self, *packages: str) -> str:
        """Returns the interpreter with these packages."""
        python = self.folder / "venv" / "bin" / "python"
        if not python.exists():
            self.run(UV, "venv", "--quiet", "--python", sys.executable, "venv")
        self.install(*packages, by=(UV, "pip", "install", "--quiet", "--python", str(python)))
        return str(python)

    def install_go(self, program: str) -> None:
        need("go")
        self.install(program, by=("env", f"GOBIN={self.folder / 'bin'}", "go", "install"))

    def openapi_generator(self, *options: str) -> None:
        """Run openapi-generator, a Java program, with the generator of this name."""
        need("java", "mvn")
        copy = ("mvn", "-q", "-B", f"{DEPENDENCIES}:copy", "-DoutputDirectory=generator", "-Dmdep.stripVersion")
        self.install("-Dartifact=org.openapitools:openapi-generator-cli:7.25.0", by=copy)
        self.run("java", "-jar", "generator/openapi-generator-cli.jar", "generate", "-i", "openapi.json", *options)

    def all_is_generated(self) -> None:
        """Every operation has its method, and there are no invented names."""
        files = [path for path in (self.folder / "generated").rglob("*") if path.suffix in SUFFIXES]
        text = " ".join(f"{path.stem} {path.read_text()}" for path in files).lower().replace("_", "")
        document: dict[str, Any] = json.loads(SNAPSHOT.read_text())
        operations = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
        words = {*re.findall(r"[a-z]+", text)}
        assert {name for name in operations if name.replace("_", "") not in words} == set()
        assert "inlineobject" not in text


async def is_told(gateway: AsyncClient, told: str) -> dict[str, Any]:
    """The scenario has succeeded, and the client's values equal those of the services."""
    facts: dict[str, Any] = json.loads(told.splitlines()[-1])
    assert (facts["title"], facts["listed"], facts["complete"]) == ("Second light", True, True)
    assert (facts["stale"], facts["problem"]) == ("precondition-failed", "post-not-found")
    post = (await gateway.get(f"/posts/{facts['post_id']}")).json()
    assert (post["title"], post["author"]["id"]) == ("Second light", facts["account_id"])
    assert facts["account_id"] > 2**32, "an id that 32 bits could hold shows nothing"
    return facts


DEPENDENCIES: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def need(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.fail(f"there is no {' and no '.join(missing)} here; leave this one out with ARGS='-k …'")


@pytest.fixture
def workshop(request: pytest.FixtureRequest, url: str) -> Workshop:
    """A folder for the test's client, named by its parameter or its name, without earlier generated files."""
    folder = INSTALLED / request.node.name.removeprefix("test_")
    for old in ("generated", "built"):
        shutil.rmtree(folder / old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SNAPSHOT, folder / "openapi.json")
    return Workshop(folder, url)
