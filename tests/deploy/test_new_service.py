"""`make new-service` and `make remove-service`, in a copy of the repository."""

from pathlib import Path

import pytest

from deploy import refusals
from deploy.generate import marks, service
from deploy.generate.service import require_free, require_unused
from deploy.refusals import Refused
from deploy.services import REGISTRY, ROOT, SERVICES, Service
from tests.deploy.copies import CHECKS, Copy

GATES = (
    *CHECKS,
    "mypy --strict services/newcomer tests/newcomer",
    "pytest -q -p no:cacheprovider tests/newcomer tests/test_personal_data.py tests/deploy/test_services.py",
    "pytest -q -p no:cacheprovider tests/users/test_export.py",  # which asks it for its part
    "pytest -q -p no:cacheprovider -m fuzz tests/newcomer",
    "pytest -q -p no:cacheprovider -m kubectl tests/deploy/test_overlays.py",
)


@pytest.mark.new_service
def test_a_new_service_passes_every_gate_and_goes_without_a_trace(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    copy.run("python -m deploy.generate.service new newcomer")
    copy.run(
        "python -m deploy.new_resource newcomer invoices 'number:line due:moment?'"
    )  # before anything is committed
    copy.follow()
    for gate in GATES:
        copy.run(gate)
    assert "newcomer" in (copy.folder / "docker-compose.yml").read_text()
    copy.commit("newcomer")
    copy.run("python -m deploy.generate.service remove newcomer")
    copy.follow()
    assert copy.run("git diff HEAD~1") == ""
    assert copy.run("git status --porcelain --ignored=no -- services tests/newcomer").count("??") == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("users", "users exists already"),
        ("skeleton", "skeleton exists already"),
        ("Newcomer", "cannot be a service's name"),
        ("page", "reserved for a path"),
        ("json", "a word of Python or SQL, or an installed package"),
        ("order", "a word of Python or SQL, or an installed package"),
        ("gateway", "has a meaning in the deployment's files"),
        ("repositories", "the name of a folder in deploy, services, tests"),
    ],
)
def test_a_name_that_is_taken_or_reserved_is_refused(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        require_free(name)


def test_uncommitted_changes_are_not_mixed_with_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "git", lambda *_, **__: " M README.md")
    with pytest.raises(Refused, match="there are uncommitted changes"):
        service.new("newcomer")
    assert not (ROOT / "services/newcomer").exists()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("nobody", "there is no service nobody"),
        ("users auth", "it issues the tokens"),
        ("users", "posts.* call users or hear events of theirs: name them as well"),  # only with posts
        ("posts", "conduit call posts or hear events of theirs"),  # only with posts
    ],
)
def test_a_service_that_others_need_is_not_removed(names: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        require_unused(names.split())
    assert set(REGISTRY) == set(SERVICES)


def test_half_a_block_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = f"a\n# begin: {marks.mark('newcomer')}\n"
    monkeypatch.setattr(service, "require_unused", lambda _: None)
    monkeypatch.setattr(service, "require_clean", lambda: None)
    monkeypatch.setattr(marks, "texts", lambda: {Path("tests/newcomer/a.py"): "", Path("README.md"): begin})
    monkeypatch.setattr(marks, "drop", pytest.fail)
    with pytest.raises(Refused, match=r"README\.md:2: the block of newcomer has no end"):
        service.remove(["newcomer"], "")


def test_a_service_that_only_others_need_which_go_as_well_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = {"ledger": Service(name="ledger", port=8009, calls=("billing",))}
    monkeypatch.setattr(service, "REGISTRY", {"billing": Service(name="billing", port=8008), **ledger})
    require_unused(["billing", "ledger"])
    with pytest.raises(Refused, match="ledger call billing"):
        require_unused(["billing"])


def test_data_are_deleted_only_by_the_services_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "require_unused", lambda _: None)
    monkeypatch.setattr(service, "require_clean", lambda: None)
    with pytest.raises(Refused, match="DATA names auth, and NAME does not"):
        service.remove(["users"], "users auth")
    assert (ROOT / "services/users").exists()
