"""All files of a resource: the new ones, and the changed ones. Nothing is written here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from deploy.new_resource import code, keys, proofs, rules, tests, wiring
from deploy.new_resource.edits import NoAnchor, assigned, text_of
from deploy.new_resource.names import Resource
from deploy.new_resource.refusals import require_no_name_twice, shared_tables


@dataclass
class Layout:
    """Texts by path below the root; and the lines to write by hand, where a module does not look as expected."""

    new: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)


def lay_out(root: Path, one: Resource, services: Sequence[str]) -> Layout:
    """The resource's files in the repository below `root`. Raises Refused: two things would have one name."""
    lacks_keys = keys.TABLE not in shared_tables(root / package_of(one) / "models")
    layout = Layout(new=new_files(root, one, lacks_keys=lacks_keys))
    todo = [*changes(root, one, services), *(changes_for_keys(one) if lacks_keys else ())]
    for path, edit, by_hand in todo:
        try:
            before = layout.changed.get(path) or read(root / path)
            after = edit(cst.parse_module(before), one).code
        except NoAnchor:
            layout.by_hand[path] = "\n".join(filter(None, (layout.by_hand.get(path), by_hand)))
        else:
            if after != before:
                layout.changed[path] = after
    return layout


def read(path: Path) -> str:
    """The text of a module. Raises NoAnchor: there is none."""
    if not path.exists():
        raise NoAnchor
    return path.read_text(encoding="utf-8")


def package_of(one: Resource) -> str:
    return f"services/{one.service}/src/{one.service}"


def changes_for_keys(one: Resource) -> Iterator[tuple[str, wiring.Edit, str]]:
    for module, edit in keys.MODULES.items():
        yield f"{package_of(one)}/{module}", edit, "the table of idempotency keys, as in services/posts"
    yield f"tests/{one.service}/personal_data.py", keys.personal_data, keys.PERSONAL


def new_files(root: Path, one: Resource, *, lacks_keys: bool = False) -> dict[str, str]:
    """Raises Refused."""
    package = package_of(one)
    modules = {
        f"{package}/models/{one.singular}.py": code.model(one),
        f"{package}/schemas/{one.singular}.py": code.schemas(one),
        f"{package}/services/{one.plural}.py": rules.service(one),
        f"{package}/repositories/{one.plural}.py": code.repository(one),
        f"{package}/routers/{one.plural}.py": code.router(one),
        f"tests/{one.service}/test_{one.plural}.py": tests.behaviour(one),
    }
    for path, text in modules.items():
        require_no_name_twice(path, text)
    said = (
        f"{one.all_said.capitalize()}: create, list, get, change and delete, at `{one.path}`. Private to their owner.\n"
    )
    migration = code.migration(one, *revisions(root, one))
    return {
        **modules,
        migration_path(root, one): keys.with_keys(migration) if lacks_keys else migration,
        f"changes/+{one.service}-{one.plural.replace('_', '-')}.api.md": said,
    }


def versions(root: Path, one: Resource) -> Path:
    return root / "services" / one.service / "migrations" / "versions"


def revisions(root: Path, one: Resource) -> tuple[str, str]:
    """The next revision, and the last one."""
    last = max(int(path.name[:4]) for path in versions(root, one).glob("[0-9]*.py"))
    return f"{last + 1:04}", f"{last:04}"


def migration_path(root: Path, one: Resource) -> str:
    """The resource's migration: the existing one, or the next."""
    folder = versions(root, one)
    found = [path.name for path in folder.glob(f"[0-9]*_{one.plural}.py")]
    name = found[0] if found else f"{revisions(root, one)[0]}_{one.plural}.py"
    return str((folder / name).relative_to(root))


def changes(root: Path, one: Resource, services: Sequence[str]) -> Iterator[tuple[str, wiring.Edit, str]]:
    """Path, change, and the lines for the change by hand. A service may have none of the tests."""
    package = package_of(one)
    modules = {f"{package}/{module}": (edit, wiring.BY_HAND[module](one)) for module, edit in wiring.MODULES.items()}
    edits: Mapping[str, wiring.Edit] = {
        f"tests/{one.service}/test_matrix.py": proofs.matrix(services),
        f"tests/{one.service}/personal_data.py": proofs.personal_data,
        f"tests/{one.service}/test_erasure.py": proofs.erasure,
        f"tests/{one.service}/test_export.py": proofs.export(sections_of(root / package / "repositories/exports.py")),
        f"tests/{one.service}/test_fuzz.py": proofs.fuzz,
        f"tests/{one.service}/paged.py": proofs.paged,
    }
    yield from ((path, edit, by_hand) for path, (edit, by_hand) in modules.items())
    for path, edit in edits.items():
        if (root / path).exists():
            yield path, edit, proofs.BY_HAND[Path(path).name](one)


def sections_of(exports: Path) -> list[str]:
    """The sections of a service's export; none if the module looks otherwise, which its own change tells."""
    try:
        node = assigned(cst.parse_module(read(exports)), "SECTIONS")
    except NoAnchor:
        return []
    elements = node.elements if isinstance(node, cst.Dict) else ()
    return [text_of(element.key) or "" for element in elements if isinstance(element, cst.DictElement)]
