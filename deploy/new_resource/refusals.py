"""What stands in the way of a new resource, each in one sentence."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import libcst as cst

from deploy.new_resource.edits import NoAnchor, body_of, bound, names_of
from deploy.new_resource.names import Resource
from deploy.refusals import Refused

LOCALS: Final = frozenset(
    {"account", "answer", "caller", "changes", "commands", "expected", "found", "internal", "lifespan", "limit", "new"}
    | {"page", "place", "queries", "revised", "session", "settings", "statement", "transport", "values", "work"}
)
"""Names that the modules of each resource use, or those that it joins."""


def require_service(service: str, services: Collection[str], models: Path) -> None:
    """Raises Refused: there is no such service, or it erases deleted accounts in a way of its own."""
    if service not in services:
        raise Refused(f"There is no service {service}: there are {', '.join(services)}.")
    if "Erased" not in shared_tables(models):
        raise Refused(
            f"{service} has no table Erased in models/shared.py, by which rows of deleted accounts are erased."
        )


def shared_tables(models: Path) -> list[str]:
    """The names in a service's `models/shared.py`."""
    shared = models / "shared.py"
    return bound(cst.parse_module(shared.read_text(encoding="utf-8"))) if shared.exists() else []


def require_free(one: Resource, document: dict[str, Any], package: Path) -> None:
    """Raises Refused: a name of the resource is taken, in the API or in the code."""
    if one.plural in LOCALS or one.singular in LOCALS:
        raise Refused(f"{one.plural} or {one.singular} is a name that every resource's modules use: choose another.")
    for what, name, there in taken_in_api(one, document):
        if name in there:
            raise Refused(f"The {what} {name} is taken: choose another NAME.")
    there = {module: names for module, names in new_names(one).items() if (package / module).exists()}
    for module, names in there.items():
        tree = cst.parse_module((package / module).read_text(encoding="utf-8"))
        for name in names:
            if name in {*bound(tree), *members_of(tree)}:
                raise Refused(f"The name {name} is taken in {module}: choose another NAME.")


def taken_in_api(one: Resource, document: dict[str, Any]) -> Iterator[tuple[str, str, Collection[str]]]:
    paths: dict[str, Any] = document["paths"]
    yield "path", one.path, {"/".join(path.split("/")[: one.path.count("/") + 1]) for path in paths}
    yield "tag", one.all_said, [tag["name"] for tag in document["tags"]]
    operations = [operation["operationId"] for path in paths.values() for operation in path.values()]
    for name in one.operations:
        yield "operation id", name, operations
    for kind in ("Create", "Update", "Response", "Page"):
        yield "schema", f"{one.kind}{kind}", document["components"]["schemas"]
    yield "response", f"{one.kind}NotFound", document["components"]["responses"]


def new_names(one: Resource) -> dict[str, Sequence[str]]:
    """The names that join those of existing modules."""
    commands = (f"{one.kind}Commands", f"{one.kind}Queries", f"Read{one.kinds}", f"Write{one.kinds}")
    return {
        "models/__init__.py": [one.kind],
        "services/records.py": [one.kind],
        "services/errors.py": [f"{one.kind}NotFound"],
        "services/ports.py": [one.kind, f"{one.kind}Store", one.plural],
        "repositories/exports.py": [one.constant],
        "deps.py": [*commands, f"{one.kind}Repository"],
        "main.py": [one.plural],
    }


def members_of(tree: cst.Module) -> list[str]:
    """The stores of the unit of work, if this is its module."""
    try:
        return [name for statement in body_of(tree, "UnitOfWork").body for name in names_of(statement)]
    except NoAnchor:
        return []


def require_no_name_twice(module: str, text: str) -> None:
    """Raises Refused: a template's own name is that of the resource, such as OWNER."""
    names = bound(cst.parse_module(text))
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"{module} would have two things of the name {name}: choose another NAME.")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
