"""Runs Docker's commands for the stack of docker-compose.yml; COMPOSE_PROJECT_NAME selects one of several."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class DockerFailed(Exception):
    """A Docker command failed; it has printed its own message."""


def compose(*words: str) -> str:
    """Run `docker compose …` and return its output."""
    return docker("compose", *words)


def docker(*words: str) -> str:
    """Run `docker …` in the repository's folder and return its output.

    Raises:
        DockerFailed: its exit code was not 0.
    """
    done = subprocess.run(["docker", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise DockerFailed(f"`docker {' '.join(words)}` failed")
    return done.stdout.strip()
