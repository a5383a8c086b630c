# file: only with posts
"""New resources in a copy of this repository: every gate and every test is green, without a touch.

One has a field of each type, each required and optional. One has the least: an optional field without text. One is the
first of users, which has no table of idempotency keys before. One is the first of a new service.
"""

from typing import Final

import pytest

from deploy.new_resource.names import TYPES
from tests.deploy.copies import Copy

ALL: Final = " ".join(f"{kind}_here:{kind} {kind}_there:{kind}?" for kind in TYPES)
NEW: Final = "python -m deploy.new_resource"
TESTS: Final = (
    "posts/test_quokkas.py posts/test_wombat_goals.py posts/test_matrix.py posts/test_erasure.py posts/test_export.py "
    "posts/test_forged_tokens.py users/test_numbats.py users/test_matrix.py users/test_erasure.py users/test_export.py "
    "newcomer common/test_routes.py common/test_statements.py common/test_load_shedding.py "
    "deploy/test_openapi.py test_personal_data.py"
)
FUZZ: Final = "tests/posts/test_fuzz.py tests/users/test_fuzz.py tests/newcomer/test_fuzz.py"
CODE: Final = "libs services deploy/new_resource tests/posts tests/users tests/newcomer"
GATES: Final = (
    f"ruff check {CODE}",
    f"ruff format --check {CODE}",
    "mypy --strict services/posts services/users services/newcomer tests/posts tests/users tests/newcomer",
    "python -m deploy.imports",
    "python -m deploy.gateway.openapi --check",
    "python -m deploy.local.migrations check",
    "python -m deploy.docs check",
    f"pytest -n 2 -p no:cacheprovider {' '.join(f'tests/{name}' for name in TESTS.split())}",
    f"pytest -m fuzz -p no:cacheprovider {FUZZ}",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("copy"))
    copy.run("python -m deploy.generate.service new newcomer")
    copy.commit("newcomer")
    said = copy.run(f"{NEW} posts quokkas '{ALL}'")
    assert "new      services/posts/src/posts/models/quokka.py\n" in said
    copy.run(f"{NEW} posts wombat_goals is_met:flag? --singular wombat_goal --force")
    copy.run(f"{NEW} users numbats words:text --force")
    copy.run(f"{NEW} newcomer invoices 'number:line total_cents:count due:moment?' --force")
    return copy


@pytest.mark.resource
def test_a_second_time_changes_nothing(copy: Copy) -> None:
    assert copy.run(f"{NEW} posts quokkas '{ALL}'") == "posts has quokkas already: nothing is changed.\n"


@pytest.mark.resource
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate[:30])
def test_every_gate_is_green(copy: Copy, gate: str) -> None:
    copy.run(gate)
