"""`make rename`, in a copy of the repository."""

from pathlib import Path

import pytest

from deploy.refusals import Refused
from deploy.release import rename
from deploy.release.rename import OLD, forms, renamed, require_name
from tests.deploy.copies import CHECKS, Copy

TESTS = (
    "tests/deploy/test_services.py",
    "tests/deploy/test_page.py",
    "tests/common/test_problems.py",
    "tests/posts/test_posts.py",  # only with posts
    "tests/auth/test_password_policy.py",
)
GATES = (
    *CHECKS,
    "mypy --strict libs services deploy",
    f"pytest -q -n 2 -p no:cacheprovider {' '.join(TESTS)}",
)


@pytest.mark.new_service
def test_another_name_passes_the_gates_and_the_old_one_is_gone(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    copy.run("python -m deploy.release.rename Acme")
    copy.follow()
    for gate in GATES:
        copy.run(gate)
    copy.commit("renamed")
    left = copy.run(f"git grep --ignore-case --name-only {OLD}").split()
    assert {Path(name).name for name in left} <= {*rename.KEEPS, "page-dark.png", "page-light.png"}
    assert '"urn:acme:problem:post-not-found"' in (copy.folder / "docs/openapi.json").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acme", "a capital first"),
        ("Acme2", "cannot be the name"),
        ("A", "cannot be the name"),
        ("Users", "a name of this repository already"),
        (OLD, "a name of this repository already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        require_name(name, OLD)


def test_each_form_of_the_name_is_changed() -> None:
    text = f"{OLD} {OLD.lower()}_client {OLD.upper()}_URL create{OLD}"
    assert renamed(text, forms(OLD, "Acme")) == "Acme acme_client ACME_URL createAcme"
