"""Marks of what is there for one service (`deploy.generate.marks`): what is left without it is whole."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from deploy.gateway.site import PAGE
from deploy.generate import marks
from deploy.generate.marks import MarkError, left_without, without
from deploy.services import REGISTRY, ROOT
from tests.deploy.test_page import imported as imported_by_page
from tests.deploy.test_page import wrong_imports

# begin: only with posts
REMOVED = [
    ("conduit",),  # only with conduit
    ("posts", *(["conduit"] if "conduit" in REGISTRY else [])),
]
"""What `make remove-service` can remove."""
# end: only with posts
SOURCES = ("libs/common/src", "libs/clients/python/src", "tests/skeleton/service/src", "")
BILLING = marks.mark("billing")
KEPT = f"a\nwords {BILLING}\n# {BILLING}, too\n"
TEXT = f"""a
b  # {BILLING}
# begin: {BILLING}
c
# end: {BILLING}
<!-- {BILLING} -->
// {BILLING}
/* {BILLING} */
{{{{/* {BILLING} */}}}}
{{# {BILLING} #}}
-- {BILLING}
words {BILLING}
# {BILLING}, too
"""


def test_marked_lines_and_blocks_go_and_all_others_stay() -> None:
    assert without(TEXT, "billing") == KEPT
    assert without(TEXT, "bill") == TEXT


@pytest.mark.parametrize("word", ["begin", "end"])
def test_half_a_block_is_refused_by_its_place(word: str) -> None:
    with pytest.raises(MarkError, match=r"a/b\.py:2: "):
        left_without({Path("a/b.py"): f"a\n# {word}: {BILLING}\n"}, ["billing"])


def test_a_service_s_own_folders_go_and_no_others_of_its_name() -> None:
    own = [
        *(place / "x/y.py" for place in marks.places("sessions")),
        Path("deploy/a/__init__.py"),
        Path("deploy/a/b.png"),
    ]
    others = [
        Path("services/auth/src/auth/sessions/a.py"),
        Path("tests/auth/sessions/b.py"),
        Path("docs/sessions/c.md"),
    ]
    found = dict.fromkeys((*own, *others), "") | {own[-2]: f"# folder: {marks.mark('sessions')}\n"}
    assert [*left_without(found, ["sessions"])] == others


@pytest.mark.parametrize(
    ("path", "prose", "named"),
    [
        ("billing.bin", "see billing.bin", True),
        ("billing.bin", "see bills.bin", False),
        ("docs/billing/a.bin", "see docs/billing/a.bin", True),
        ("docs/billing/a.bin", "see billing/a.bin", True),
        ("docs/billing/a.bin", "see a.bin", False),
    ],
)
def test_prose_names_a_file_by_its_path_also_relative_to_a_folder(path: str, prose: str, named: bool) -> None:
    assert marks.is_named(Path(path), prose) is named


def test_every_mark_names_a_service() -> None:
    wrong = [
        f"{path}:{number}: there is no service {name}"
        for path, text in marks.texts().items()
        for number, _, name in marks.marked(text)
        if name not in REGISTRY
    ]
    assert not wrong, "\n".join(wrong)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def used(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def module_of(path: Path, sources: tuple[str, ...]) -> str:
    """`tests.peers` for tests/peers.py."""
    source = next(one for one in sources if path.is_relative_to(one))
    return ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")


def modules(texts: Mapping[Path, str]) -> dict[str, Path]:
    sources = (*{str(PurePosixPath(*path.parts[:3])) for path in texts if path.parts[0] == "services"}, *SOURCES)
    return {module_of(path, sources): path for path in texts if path.suffix == ".py"}


# begin: only with posts
@pytest.mark.parametrize("names", REMOVED, ids=" and ".join)
def test_nothing_that_stays_uses_anything_that_goes(names: tuple[str, ...]) -> None:
    before = marks.texts()
    left = left_without(before, names)
    gone = modules(before).keys() - modules(left).keys()
    assert gone > set(names)
    found = []
    for path, text in left.items():
        if path.suffix == ".py":
            tree = ast.parse(text, str(path))
            words = used(tree)
            found += [
                f"{path} uses {name}"
                for name in imported(tree)
                if {name, name.rpartition(".")[0]} & gone and {name.partition(".")[0], name.rpartition(".")[2]} & words
            ]
    assert not found, "\n".join(found) + f": mark it as there only with {' and '.join(names)}, or change it"


@pytest.mark.parametrize("names", REMOVED, ids=" and ".join)
def test_the_page_s_modules_that_stay_import_nothing_that_goes(names: tuple[str, ...]) -> None:
    page = PAGE.relative_to(ROOT)
    before = marks.texts()
    left = left_without(before, names)
    modules = {path: text for path, text in left.items() if path.is_relative_to(page) and path.suffix == ".js"}
    assert [*wrong_imports({str(path.relative_to(page)): text for path, text in modules.items()})] == []
    used = [
        f"{path}: {name}"
        for path, text in modules.items()
        for name in imported_by_page(before[path]) - imported_by_page(text)
        if re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text)
    ]
    assert used == [], "a browser would know no such name"


# end: only with posts
