"""The built images (S-47, S-52)."""

import json

import pytest

from deploy.services import STARTED
from tests.system.compose.conftest import ComposeStack, note

pytestmark = pytest.mark.compose
FORBIDDEN = "command -v pip pip3 gcc cc ld strip make uv; python -c 'import pip' 2>/dev/null && echo pip"


@pytest.mark.parametrize("service", STARTED)
def test_an_image_is_small_has_no_tools_and_no_secrets(compose_stack: ComposeStack, service: str) -> None:
    (image,) = json.loads(compose_stack.run("docker", "image", "inspect", f"trivium-{service}"))
    config = image["Config"]
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert {"title", "version", "revision"} <= {label.rpartition(".")[2] for label in config["Labels"]}
    assert not [one for one in config["Env"] if "SECRET" in one or "PASSWORD" in one]
    note(what="image", service=service, mib=round(image["Size"] / 2**20))
    assert image["Size"] <= 175 * 2**20
    found = compose_stack.run(
        "docker", "run", "--rm", "--entrypoint", "sh", f"trivium-{service}", "-c", FORBIDDEN + "; true"
    )
    assert found == ""


def test_an_image_tells_its_commands(compose_stack: ComposeStack) -> None:
    told = compose_stack.run("docker", "run", "--rm", "trivium-posts", "--help")
    assert all(command in told for command in ("serve", "migrate", "relay", "outbox", "reconcile"))


def test_each_container_sees_its_own_secrets_only(compose_stack: ComposeStack) -> None:
    """S-47, S-48: and can write nowhere but into /tmp."""
    for service, names in (("users", "svc-users-secret users-password"), ("posts", "posts-password svc-posts-secret")):
        assert compose_stack.compose("exec", "-T", service, "ls", "/run/secrets").split() == names.split()
    modes = compose_stack.compose(
        "exec", "-T", "auth", "stat", "-c", "%a %u", "/run/secrets/refresh-key", "/run/secrets"
    )
    assert modes.splitlines() == ["400 10001", "500 10001"]
    wrote = compose_stack.compose(
        "exec", "-T", "auth", "sh", "-c", "touch /app/x 2>/dev/null && echo yes; touch /tmp/x; true"
    )
    assert wrote == ""


def test_production_refuses_generated_secrets(compose_stack: ComposeStack) -> None:
    """S-47: the whole stack waits for `secrets`, which names the missing ones."""
    start = ("docker", "compose", "run", "--rm", "--no-deps", "--env", "PROFILE=production", "secrets")
    with pytest.raises(AssertionError, match=r"PROFILE=production needs secrets of its own.*auth-owner-password"):
        compose_stack.run(*start)
