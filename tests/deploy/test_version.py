"""One version: the services read it from the package, and all other places have the same."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from common import __version__
from deploy.gateway.openapi import SNAPSHOT, describe_service
from deploy.services import SERVICES
from deploy.version import ROOT, places, write


def said_in(root: Path) -> dict[str, set[str]]:
    return {str(path.relative_to(root)): set(pattern.findall(path.read_text())) for path, pattern in places(root)}


def test_every_place_says_the_same_version() -> None:
    assert said_in(ROOT) == {place: {__version__} for place in said_in(ROOT)}


@pytest.mark.parametrize("package", ["common", "client", *SERVICES])
def test_the_installed_packages_have_it(package: str) -> None:
    assert version(f"trivium-{package}") == __version__


def test_the_api_says_it() -> None:
    assert describe_service("users")["info"]["version"] == __version__
    assert f'"version": "{__version__}"' in SNAPSHOT.read_text()


def test_a_release_sets_it_everywhere_and_nothing_else(tmp_path: Path) -> None:
    for path, _ in places():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    before = said_in(tmp_path)
    write("7.8.9", tmp_path)
    assert said_in(tmp_path) == {place: {"7.8.9"} for place in before}
    write(__version__, tmp_path)
    assert all((tmp_path / place).read_text() == (ROOT / place).read_text() for place in before)


def test_a_word_that_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="v2 is no version"):
        write("v2")
