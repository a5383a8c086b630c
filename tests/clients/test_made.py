"""`make check` sees generated files that are outdated, edited or missing."""

import json
import shutil
from pathlib import Path

import pytest

from deploy.clients.document import Operation
from deploy.clients.made import SOURCES, TYPESCRIPT, record, stale
from deploy.clients.python import PACKAGE, method, synchronous
from deploy.gateway.openapi import SNAPSHOT
from deploy.local.stack import ROOT

MADE = "libs/clients/python/src/trivium_client/models.py"
DOCUMENT = str(SNAPSHOT.relative_to(ROOT))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    sources = [path.relative_to(ROOT) for glob in SOURCES for path in ROOT.glob(glob)]
    for name in [*sources, Path(DOCUMENT), Path(TYPESCRIPT) / "package.json", Path(MADE)]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    record([tmp_path / MADE], tmp_path)
    return tmp_path


def test_here_nothing_is_outdated() -> None:
    assert list(stale()) == []


@pytest.mark.parametrize("name", [DOCUMENT, "deploy/clients/python.py", "requirements-clients.lock"])
def test_a_change_of_a_source_asks_for_make_clients(clone: Path, name: str) -> None:
    text = (clone / name).read_text()
    (clone / name).write_text(text.replace("Page", "Sheet") if name == DOCUMENT else text + "\n")
    assert list(stale(clone)) == ["libs/clients is outdated: make clients"]


def test_a_new_version_alone_does_not(clone: Path) -> None:
    described = json.loads((clone / DOCUMENT).read_text())
    described["info"]["version"] = "7.8.9"
    (clone / DOCUMENT).write_text(json.dumps(described))
    assert list(stale(clone)) == []


def test_an_edited_or_missing_file_is_named(clone: Path) -> None:
    (clone / MADE).write_text((clone / MADE).read_text() + "\n")
    assert list(stale(clone)) == [f"{MADE} is generated, and was edited: make clients"]
    (clone / MADE).unlink()
    assert list(stale(clone)) == [f"{MADE} is generated, and was edited: make clients"]


def test_threads_get_the_same_code() -> None:
    """The committed files are what `synchronous` makes, so a forgotten `await` would show."""
    for name in ("client", "connection"):
        made = synchronous((PACKAGE / "asynchronous" / f"{name}.py").read_text())
        assert not {"async", "await", "asyncio"} & set(made.split())
        compile(made, name, "exec")


def test_a_parameter_of_an_unknown_form_is_refused() -> None:
    given = {"name": "when", "in": "query", "schema": {"type": "array"}}
    node = {"operationId": "find", "description": "Find.", "parameters": [given], "responses": {}}
    with pytest.raises(KeyError, match="array"):
        method(Operation("GET", "/find", node), {})
