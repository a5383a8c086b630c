"""Marks of what is there for one service (`deploy.generate.marks`): what is left without it is whole."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from deploy.generate import marks
from deploy.generate.marks import MarkError, without
from deploy.services import REGISTRY

# begin: only with posts
REMOVED = [
    ("conduit",),  # only with conduit
    ("posts", *(["conduit"] if "conduit" in REGISTRY else [])),
]
"""What `make remove-service` can remove."""
# end: only with posts
SOURCES = ("libs/common/src", "libs/clients/python/src", "tests/skeleton/service/src", "")
TEXT = """a
b  # only with billing
# begin: only with billing
c
# end: only with billing
<!-- only with billing -->
d only with billing, too
"""


def test_marked_lines_and_blocks_go_and_all_others_stay() -> None:
    assert without(TEXT, "billing") == "a\nd only with billing, too\n"
    assert without(TEXT, "posts") == TEXT


@pytest.mark.parametrize("word", ["begin", "end"])
def test_half_a_block_is_refused(word: str) -> None:
    with pytest.raises(MarkError):
        without(f"a\n# {word}: only with billing\n", "billing")


def left_without(names: tuple[str, ...]) -> dict[Path, str]:
    """The repository's texts, without these services."""
    found = marks.texts()
    for name in names:
        own = marks.owned(found, name)
        found = {path: without(text, name) for path, text in found.items() if path not in own}
    return found


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
    left = left_without(names)
    gone = modules(marks.texts()).keys() - modules(left).keys()
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


# end: only with posts
