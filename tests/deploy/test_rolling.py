"""Replacing containers, with a stub of Docker. tests/system/compose tests it with Docker."""

from dataclasses import dataclass, field

import pytest

from deploy.docker import rolling
from deploy.docker.compose import DockerFailed
from deploy.services import STARTED


@dataclass
class Docker:
    """One service's containers. `healthy` is the number of new ones that become healthy."""

    containers: list[str]
    ended: list[str] = field(default_factory=list)
    healthy: int = 99
    ends: bool = False
    made: int = 0

    def compose(self, *words: str) -> str:
        if words[0] == "ps":
            return "\n".join(self.containers + self.ended * ("--all" in words))
        if words[0] == "up":
            self.up(int(words[words.index("--scale") + 1].partition("=")[2]))
        return ""

    def up(self, wanted: int) -> None:
        while len(self.containers) < wanted:
            self.made += 1
            unwell = self.made > self.healthy
            (self.ended if unwell and self.ends else self.containers).append(f"new-{self.made}")
            if unwell:
                raise DockerFailed("`docker compose up` failed")

    def docker(self, *words: str) -> str:
        if words[0] == "rm":
            for kept in (self.containers, self.ended):
                kept[:] = [container for container in kept if container != words[-1]]
        return f"why {words[-1]} is not well" if words[0] == "logs" else ""


def run_on(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(rolling, "compose", docker.compose)
    monkeypatch.setattr(rolling, "docker", docker.docker)
    return rolling.main(["users"])


def test_each_container_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = Docker(["a", "b"])
    assert run_on(docker, monkeypatch) == 0
    assert docker.containers == ["new-1", "new-2"]


@pytest.mark.parametrize("ends", [False, True], ids=["unwell", "ended"])
@pytest.mark.parametrize(("healthy", "left"), [(0, ["a", "b"]), (1, ["b", "new-1"])])
def test_a_new_container_that_does_not_become_healthy_goes_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], healthy: int, left: list[str], ends: bool
) -> None:
    docker = Docker(["a", "b"], ended=["somebody's"], healthy=healthy, ends=ends)
    assert run_on(docker, monkeypatch) == 1
    assert f"why new-{healthy + 1} is not well" in capsys.readouterr().err
    assert (docker.containers, docker.ended) == (left, ["somebody's"])


def test_auth_comes_last() -> None:
    """It may issue tokens that older verifiers cannot read."""
    assert sorted(rolling.IN_TURN) == sorted(STARTED)
    assert rolling.IN_TURN[-1] == "auth"
