"""Base images by digest: written if an engine can resolve them, and equal in all places (S-51)."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.docker import pins
from deploy.docker.compose import ROOT

FIRST, SECOND = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
ENGINE = """#!/bin/sh
test "$1 $2 $3" = "buildx imagetools inspect" || exit 1
case $4 in {refused}) echo "no such image" >&2; exit 1;; esac
echo "sha256:$(printf '%064d' "$(expr length "$4")")"
"""


def test_the_base_images_are_found_in_all_their_places() -> None:
    found = {(file, tag.partition(":")[0]) for file, tag, _ in pins.named(pins.read())}
    assert found == {
        ("deploy/docker/Dockerfile", "python"),
        ("deploy/gateway/Dockerfile", "python"),
        ("deploy/gateway/Dockerfile", "caddy"),
        ("docker-compose.yml", "postgres"),
        ("docker-compose.yml", "valkey/valkey"),
    }
    assert list(pins.errors(pins.read())) == []


def test_a_pin_stands_beside_its_tag_and_may_be_renewed() -> None:
    once = pins.pinned(pins.read(), lambda tag: FIRST)
    again = pins.pinned(once, lambda tag: SECOND)
    assert f"ARG BASE=python:3.13-slim@{FIRST}\n" in once["deploy/docker/Dockerfile"]
    assert f"  image: postgres:17@{SECOND}\n" in again["docker-compose.yml"]
    assert "image: trivium-auth\n" in again["docker-compose.yml"]
    assert pins.pinned(again, lambda tag: FIRST) == once
    assert list(pins.errors(once)) == []
    assert pins.state(once) == "base images: by digest"


def test_a_pin_that_is_missing_wrong_or_not_the_same_everywhere_is_found() -> None:
    texts = pins.pinned(pins.read(), lambda tag: FIRST)
    gateway = texts["deploy/gateway/Dockerfile"]
    for wrong, said in (
        (gateway.replace(f"caddy:2@{FIRST}", "caddy:2"), "caddy:2 floats"),
        (gateway.replace(f"caddy:2@{FIRST}", "caddy:2@sha256:17"), "the digest of caddy:2 is none"),
        (gateway.replace(f"slim@{FIRST}", f"slim@{SECOND}"), "another digest"),
    ):
        (error,) = pins.errors({**texts, "deploy/gateway/Dockerfile": wrong})
        assert said in error


@pytest.mark.parametrize("refused", ["none", "caddy:*"])
def test_the_engine_is_asked_and_all_files_are_written_or_none(tmp_path: Path, refused: str) -> None:
    root, bin_folder = tmp_path / "clone", tmp_path / "bin"
    shutil.copytree(ROOT / "deploy", root / "deploy", ignore=shutil.ignore_patterns("page", "kubernetes"))
    shutil.copy(ROOT / "docker-compose.yml", root)
    bin_folder.mkdir()
    engine = bin_folder / "docker"
    engine.write_text(ENGINE.replace("{refused}", refused))
    engine.chmod(0o755)
    before = pins.read(root)
    done = subprocess.run(
        [sys.executable, "-m", "deploy.docker.pins"],
        cwd=root,
        env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    after = pins.read(root)
    if refused == "none":
        assert done.returncode == 0, done.stderr
        assert [line.partition("@")[0] for line in done.stdout.splitlines()] == [
            "caddy:2", "postgres:17", "python:3.13-slim", "valkey/valkey:9.1.2",
        ]  # fmt: skip
        assert list(pins.errors(after)) == []
        assert len(re.findall("@sha256:", "".join(after.values()))) == 5
    else:
        assert done.returncode != 0
        assert "nothing was changed" in done.stderr
        assert after == before
