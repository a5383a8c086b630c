# file: only with posts
"""`make remove-service NAME="posts conduit"` in a copy of the repository: auth and users pass every gate."""

from pathlib import Path

import pytest

from deploy.release.breaking import RELEASED
from deploy.services import ROOT
from tests.deploy.copies import CHECKS, Copy

GATES = (
    *CHECKS,
    "mypy --strict libs services deploy tests",
    "pytest -q -n 2 -p no:cacheprovider tests",
    "pytest -q -p no:cacheprovider tests -m stack --collect-only",
    "pytest -q -p no:cacheprovider tests -m faults --collect-only",
    "pytest -q -p no:cacheprovider -m fuzz tests/users/test_fuzz.py",
)


@pytest.mark.new_service
def test_without_posts_and_conduit_auth_and_users_pass_every_gate(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    copy.run("python -m deploy.generate.service remove posts conduit")
    copy.follow()
    copy.run("python -m deploy.release.breaking --removed posts conduit")
    for gate in GATES:
        copy.run(gate)
    assert '"/posts' not in (copy.folder / "docs/openapi.json").read_text()
    assert '"/posts' in (copy.folder / RELEASED.relative_to(ROOT)).read_text(), "what clients were promised"
