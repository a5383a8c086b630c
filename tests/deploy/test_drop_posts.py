# file: only with posts
"""`make remove-service NAME="posts conduit"` in a copy of the repository: auth and users pass every gate."""

from pathlib import Path

import pytest

from deploy.release.breaking import RELEASED
from deploy.services import ROOT
from tests.deploy.copies import Copy

TESTS = (
    "users auth/test_matrix.py auth/test_deletion_saga.py auth/test_export.py common/test_routes.py "
    "common/test_load_shedding.py common/test_event_samples.py common/test_read_models.py deploy/test_generate.py "
    "deploy/test_marks.py deploy/test_page.py test_personal_data.py"
)
GATES = (
    "ruff check libs services deploy tests",
    "ruff format --check libs services deploy tests",
    "mypy --strict libs services deploy tests",
    "python -m deploy.imports",
    "python -m deploy.generate --check",
    "python -m deploy.gateway.openapi --check",
    "python -m deploy.local.migrations check",
    "python -m deploy.docs check",
    "yamllint --strict docker-compose.yml deploy",
    "python -m deploy.docker.check",
    "python -m deploy.kubernetes.check",
    "python -m deploy.release.breaking",
    f"pytest -q -p no:cacheprovider {' '.join(f'tests/{path}' for path in TESTS.split())}",
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
