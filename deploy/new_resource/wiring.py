"""The changes of a service's own modules for a resource: `(path below the service's package, function)`."""

from collections.abc import Callable, Mapping
from typing import Final

import libcst as cst

from deploy.new_resource import rules
from deploy.new_resource.edits import (
    NoAnchor,
    add_argument,
    add_element,
    add_imports,
    add_member,
    add_statements,
    argument,
    assigned,
    binds,
    call_of,
    is_alias,
    locals_of,
)
from deploy.new_resource.names import Resource

Edit = Callable[[cst.Module, Resource], cst.Module]
SHARED: Final = ("events", "revocations")
"""The stores of shared mechanisms in a unit of work: they come last."""


def models(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_element(tree, assigned(tree, "__all__"), f'"{one.kind}"')
    return add_imports(tree, {f"{one.service}.models.{one.singular}": [one.kind]})


def records(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_statements(tree, rules.record(one))
    return add_imports(tree, {"dataclasses": ["dataclass"], "datetime": ["datetime"]})


def errors(tree: cst.Module, one: Resource) -> cst.Module:
    return add_imports(add_statements(tree, rules.error(one)), {"common.errors": ["NotFound"]})


def ports(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_statements(tree, rules.port(one), before=binds("UnitOfWork"))
    tree = add_member(tree, "UnitOfWork", f"{one.plural}: {one.kind}Store\n", before=SHARED)
    names = {"collections.abc": ["Mapping"], "typing": ["Any", "Protocol"], "common.ports": ["Page", "Versions"]}
    return add_imports(tree, names | {f"{one.service}.services.records": [one.kind]})


def unit_of_work(tree: cst.Module, one: Resource) -> cst.Module:
    store = f"{one.plural}={one.kind}Repository(session)"
    tree = add_argument(tree, call_of(tree, "UnitOfWork"), store, before=SHARED)
    return add_imports(tree, {f"{one.service}.repositories.{one.plural}": [f"{one.kind}Repository"]})


def exports(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_statements(tree, rules.export(one), before=binds("SECTIONS"))
    tree = add_element(tree, assigned(tree, "SECTIONS"), f'"{one.plural}": {rules.section(one)}')
    return add_imports(tree, {"common.events.exports": ["Section", "bounded_rows"], "typing": ["Final"]})


def erasing(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_element(tree, assigned(tree, "STEPS"), f'rows_of("{one.plural}")')
    return add_imports(tree, {"common.events.erasure": ["rows_of"]})


def deps(tree: cst.Module, one: Resource) -> cst.Module:
    reads = "reads" if "reads" in locals_of(tree, "wire") else "opened.reads"
    pair = queries(one, reads)
    parts = call_of(tree, "Parts")
    try:
        tree = add_element(tree, argument(parts, "state"), pair)
    except NoAnchor:
        tree = add_argument(tree, parts, f"state={{{pair}}}")
    tree = add_statements(tree, rules.commands_provider(one), before=is_alias, or_last=True)
    tree = add_statements(tree, rules.aliases(one))
    own = {
        f"{one.service}.repositories.{one.plural}": [f"{one.kind}Repository"],
        f"{one.service}.repositories.unit_of_work": ["unit_of_work"],
        f"{one.service}.services.{one.plural}": [f"{one.kind}Commands", f"{one.kind}Queries"],
    }
    shared = {"common.http.deps": ["DbSession", "FromState"], "fastapi": ["Depends"], "typing": ["Annotated"]}
    return add_imports(tree, own | shared)


def queries(one: Resource, reads: str) -> str:
    return f'"{one.singular}_queries": {one.kind}Queries({one.kind}Repository({reads}))'


def main(tree: cst.Module, one: Resource) -> cst.Module:
    """First in the list: a request tries the routers in order, and `/posts/{post_id}` would take `/posts/polls`."""
    routers = argument(call_of(tree, "build_app"), "routers")
    tree = add_element(tree, routers, f"{one.plural}.router", place=0)
    return add_imports(tree, {f"{one.service}.routers": [one.plural]})


MODULES: Final[Mapping[str, Edit]] = {
    "models/__init__.py": models,
    "services/records.py": records,
    "services/errors.py": errors,
    "services/ports.py": ports,
    "repositories/unit_of_work.py": unit_of_work,
    "repositories/exports.py": exports,
    "repositories/erasing.py": erasing,
    "deps.py": deps,
    "main.py": main,
}
BY_HAND: Final[Mapping[str, Callable[[Resource], str]]] = {
    "models/__init__.py": lambda one: f"from {one.service}.models.{one.singular} import {one.kind}",
    "services/records.py": rules.record,
    "services/errors.py": rules.error,
    "services/ports.py": lambda one: f"{rules.port(one)}\n{one.plural}: {one.kind}Store  # in UnitOfWork",
    "repositories/unit_of_work.py": lambda one: f"{one.plural}={one.kind}Repository(session),",
    "repositories/exports.py": lambda one: f'{rules.export(one)}\n"{one.plural}": {rules.section(one)},',
    "repositories/erasing.py": lambda one: f'rows_of("{one.plural}"),  # in STEPS',
    "deps.py": lambda one: (
        f"{queries(one, 'opened.reads')},  # in state\n\n{rules.commands_provider(one)}\n{rules.aliases(one)}"
    ),
    "main.py": lambda one: f"from {one.service}.routers import {one.plural}\n{one.plural}.router,  # before the others",
}
"""What to write, where a module does not look as expected."""
