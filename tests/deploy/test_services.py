"""The registry of services: what it refuses, and that no other file keeps a list of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deploy.docs.files import Repository
from deploy.generate.files import wanted
from deploy.services import FILE, REGISTRY, ROOT, SERVICES, RegistryError, folders, read, require_folders

REGISTERED: Final = FILE.read_text()
ROW: Final = '[arrival]\nport = 8009\npaths = ["/arrival"]\n'
MANY: Final = 3
"""Services: a list that has so many was meant to have all."""
BY_HAND: Final = {
    "deploy/services.toml",
    "deploy/kubernetes/overlays/example/kustomization.yaml",  # a template: each image has its own digest
}
"""The files with a list of all services that are written by hand."""
DOMAIN: Final = {
    "deploy/observability/rules_test.yml": "alerts of each",
    "services/conduit/src/conduit/deps.py": "the peers that it calls",
    "tests/auth/test_conduit_matrix.py": "kinds of callers",
    "tests/auth/test_matrix.py": "kinds of callers",
    "tests/common/test_log_canaries.py": "tells a story of each",
    "tests/system/faults/test_clock_skew.py": "gives each a clock",
    "tests/system/faults/test_erasure_killed.py": "reads the tables of each",
}
"""Files about what these three services do together. A further service may have no part in it."""
BETWEEN: Final = " ,;|/\"'`[]()*{}&-:"
LANGUAGES: Final = (".md", ".json", ".lock", ".js", ".ts", ".mjs")
"""Prose, and documents of the API: they speak about services, and nothing is deployed by them."""


def lists(name: str, text: str) -> Iterator[str]:
    """The lists of all services in a file: literals of Python, and elsewhere lines, keys or names in a row."""
    if sum(service in text for service in SERVICES) < MANY:
        return
    if name.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            parts = [*node.keys] if isinstance(node, ast.Dict) else getattr(node, "elts", [])
            words = {part.value for part in parts if isinstance(part, ast.Constant)}
            if len(words & set(SERVICES)) >= MANY:
                yield f"{name}:{node.lineno}"  # type: ignore[attr-defined]
        return
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        for service in SERVICES:
            if service in line:
                found.setdefault("".join(line.split()).replace(service, "…"), set()).add(service)
        bare = line.split("#")[0].replace(" and ", " ").replace(" or ", " ")
        spoken = "".join(" " if letter in BETWEEN else letter for letter in bare).split()
        if len(set(SERVICES) & set(spoken)) >= MANY:
            yield f"{name}: {line.strip()}"
    yield from (f"{name}: {line}" for line, services in found.items() if len(services) >= MANY)


# begin: only with posts
def test_at_most_three_files_with_a_list_of_all_services_are_written_by_hand() -> None:
    """Counted are lines that differ only in the service's name, and literals. Tests that tell of people are not."""
    generated = {str(path.relative_to(ROOT)) for path in wanted(dict(REGISTRY))}
    spoken_of = {name for name in DOMAIN if (ROOT / name).exists()}  # that of a removed service does not
    texts = [(name, text) for name, text in Repository(ROOT).texts if not name.endswith(LANGUAGES)]
    found = {name for name, text in texts for _ in lists(name, text)} - generated
    assert found - spoken_of == BY_HAND
    assert len(BY_HAND) <= 3
    assert found >= spoken_of, "this entry has become unnecessary"


# end: only with posts


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("8009", "8001"), "arrival has the port of auth"),
        (ROW.replace("8009", "9000"), "arrival has port 9000: choose one of 8001 to 8009"),
        (ROW.replace("/arrival", "/users"), "arrival cannot have the path /users: users has it"),
        (ROW.replace("/arrival", "/arrival/"), "arrival cannot have the path /arrival/: no final slash"),
        (ROW.replace("/arrival", "arrival"), "arrival cannot have the path arrival: it begins with a slash"),
        (ROW.replace("[arrival]", "[Arri-val]"), "'Arri-val' is no name of a service"),
        (ROW + 'calls = ["nobody"]', "arrival calls nobody, which is no other service"),
        (ROW + "prots = 1", "arrival has an unknown field prots"),
        (ROW + 'database = false\nhears = ["account"]', "arrival hears events, and has no database to note them in"),
        (ROW + "off = true\nexports = true", "arrival is off by default, so every export would fail without it"),
    ],
)
def test_a_registry_that_contradicts_itself_is_refused(row: str, said: str) -> None:
    with pytest.raises(RegistryError, match=said):
        read(f"{REGISTERED}\n{row}")


def test_a_service_that_hears_what_nobody_sends_is_refused() -> None:
    registered = read(f'{REGISTERED}\n{ROW}hears = ["nothing"]')
    with pytest.raises(RegistryError, match=r"arrival hears nothing, which is no type of common\.contracts\.events"):
        wanted(registered)


def test_the_registry_and_the_folder_name_the_same_services(tmp_path: Path) -> None:
    require_folders(REGISTRY)
    for name in (*folders(), "stray"):
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "pyproject.toml").touch()
    with pytest.raises(RegistryError, match=r"services/stray is not in deploy/services\.toml"):
        require_folders(REGISTRY, tmp_path)
    (tmp_path / "services/stray/pyproject.toml").unlink()
    (tmp_path / "services/users/pyproject.toml").unlink()
    with pytest.raises(RegistryError, match="names users, and there is no folder services/users"):
        require_folders(REGISTRY, tmp_path)
