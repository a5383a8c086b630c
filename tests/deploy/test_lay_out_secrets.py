"""The secrets of each container. tests/system/compose/test_images.py tests the files' owners."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from deploy.docker import lay_out_secrets
from deploy.docker.lay_out_secrets import main, names_in, needs
from deploy.services import FILE, REGISTRY

SERVICES: dict[str, Any] = tomllib.loads(FILE.read_text())
NAMES = names_in(SERVICES)


@pytest.fixture(autouse=True)
def owned_by_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root may change owners of files."""
    for user in ("APP", "POSTGRES"):
        monkeypatch.setattr(lay_out_secrets, user, os.geteuid())


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


def laid_out(volume: Path) -> dict[str, str]:
    """Secrets by container and name."""
    paths = [path for path in volume.glob("*/*") if path.parent.name != "all"]
    return {f"{path.parent.name}/{path.name}": path.read_text() for path in paths}


def test_each_container_gets_what_it_needs_and_nothing_else(given: Path, tmp_path: Path) -> None:
    main(given, tmp_path, FILE)
    made = laid_out(tmp_path)
    assert made.keys() == {f"{consumer}/{name}" for consumer, (_, names) in needs(SERVICES).items() for name in names}
    assert made["users/svc-users-secret"] == made["auth-migrate/svc-users-secret"]
    assert len(set(made.values())) == len(NAMES)
    assert all(value.startswith("local-") for value in made.values())
    main(given, tmp_path, FILE)
    assert laid_out(tmp_path) == made


def test_a_secret_that_is_brought_replaces_the_generated_one(given: Path, tmp_path: Path) -> None:
    main(given, tmp_path, FILE)
    (given / "refresh-key").write_text("of our own\n")
    main(given, tmp_path, FILE)
    assert laid_out(tmp_path)["auth/refresh-key"] == "of our own"


@pytest.mark.parametrize("name", REGISTRY["auth"].optional_secrets)
def test_what_auth_may_have_is_passed_on_while_it_is_there_and_never_made_up(
    name: str, given: Path, tmp_path: Path
) -> None:
    main(given, tmp_path, FILE)
    assert f"auth/{name}" not in laid_out(tmp_path)
    (given / name).write_text("theirs")
    main(given, tmp_path, FILE)
    assert laid_out(tmp_path)[f"auth/{name}"] == "theirs"
    (given / name).unlink()
    main(given, tmp_path, FILE)
    assert f"auth/{name}" not in laid_out(tmp_path)


@pytest.mark.parametrize("weak", ["", "short", "local-" + "x" * 40])
def test_production_generates_nothing_and_takes_nothing_weak(
    given: Path, tmp_path: Path, weak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-47. Also those that no service checks: the databases' superusers."""
    monkeypatch.setenv("PROFILE", "production")
    for name in NAMES:
        (given / name).write_text(f"{name} 0123456789 0123456789 0123456789")
    main(given, tmp_path, FILE)
    assert "local-" not in str(laid_out(tmp_path))
    (given / "auth-superuser-password").write_text(weak)
    with pytest.raises(SystemExit, match=r"PROFILE=production needs .* put auth-superuser-password into a folder"):
        main(given, tmp_path, FILE)
