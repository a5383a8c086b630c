"""The store of rate limits as it is deployed: its script on a real Valkey, its Secret, and the overlay without it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkey
import yaml

from common.calls.rate_limit_store import RateLimitStore
from deploy.docker import lay_out_secrets
from deploy.docker.lay_out_secrets import main
from deploy.kubernetes.manifests import of_kind
from deploy.local.ports import free_port
from deploy.services import FILE, ROOT, SERVICES
from tests.common.conftest import probe_settings
from tests.store import PASSWORD, program
from tests.waiting import until_open

SCRIPT = ROOT / "deploy/valkey/start.sh"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The script's Valkey, on a port of its own."""
    folder, port = tmp_path_factory.mktemp("valkey"), free_port()
    (folder / "password").write_text(f"{PASSWORD}\n")
    (folder / "start.sh").write_text(SCRIPT.read_text().replace("<<END\n", f"<<END\nbind 127.0.0.1\nport {port}\n"))
    (folder / "valkey-server").symlink_to(program())
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    server = subprocess.Popen(
        ["/bin/sh", folder / "start.sh", folder / "password"], env=environment, stdout=subprocess.PIPE
    )
    until_open(port)
    yield port
    server.terminate()
    server.communicate()


async def test_it_counts_and_does_nothing_else(port: int) -> None:
    """S-48, for the store: least rights."""
    settings = probe_settings(rate_limit_store=f"valkey://127.0.0.1:{port}/0", rate_limit_store_password=PASSWORD)
    store = RateLimitStore.of(settings, "probe")
    assert [await store.hit("general", "192.0.2.1", 60) for _ in range(2)] == [(1, 60), (2, 60)]
    await store.close()
    with valkey.Valkey(port=port, password=PASSWORD) as client:
        assert client.ping()
        for command in (["KEYS", "*"], ["FLUSHALL"], ["CONFIG", "GET", "*"], ["GET", "trivium:x"], ["SHUTDOWN"]):
            with pytest.raises(valkey.exceptions.NoPermissionError):
                client.execute_command(*command)
        with pytest.raises(valkey.exceptions.NoPermissionError):
            client.incr("another:key")
    with valkey.Valkey(port=port) as stranger, pytest.raises(valkey.exceptions.AuthenticationError):
        stranger.ping()


def test_it_forgets_no_window_and_keeps_nothing() -> None:
    lines = SCRIPT.read_text().splitlines()
    assert {"maxmemory-policy noeviction", 'save ""', "appendonly no"} <= {*lines}
    (limit,) = (int(line.split()[1].removesuffix("mb")) for line in lines if line.startswith("maxmemory "))
    (deployment,) = of_kind([*yaml.safe_load_all((ROOT / "deploy/valkey/store.yaml").read_text())], "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["rate-limit-store"]
    assert container["resources"]["limits"]["memory"].removesuffix("Mi") == str(2 * limit)
    assert compose["deploy"]["resources"]["limits"]["memory"].removesuffix("M") == str(2 * limit)
    assert container["image"] == compose["image"]


@pytest.mark.parametrize("on", [True, False])
def test_its_password_is_made_where_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, on: bool) -> None:
    for user in ("APP", "POSTGRES"):
        monkeypatch.setattr(lay_out_secrets, user, os.geteuid())
    monkeypatch.setenv("RATE_LIMIT_STORE", "valkey://rate-limit-store:6379" if on else "")
    main(tmp_path / "none", tmp_path, FILE)
    found = {path.parent.name: path.read_text() for path in tmp_path.glob("*/rate-limit-store-password")}
    found.pop("all", None)
    assert found.keys() == ({*SERVICES, "rate-limit-store"} if on else set())
    assert len({*found.values()}) == int(on)
