"""The changes of tests for a resource: the matrix, erasure, export, fuzzing, and the list of personal data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import libcst as cst
from libcst import matchers as m

from deploy.new_resource.edits import (
    NoAnchor,
    add_element,
    add_imports,
    add_to_function,
    assigned,
    binds,
    edit_string,
    function_assigning,
    is_return,
    require_names,
    text_of,
)
from deploy.new_resource.names import Resource
from deploy.new_resource.wiring import Edit
from deploy.refusals import Refused

NOT_IN_EXPORT: Final = '{"account_id": "it is whose export it is", "version": COUNTER}'
REFUSED: Final[Mapping[str, int]] = {"anon": 401, "gone": 401, "stray": 401}
"""Kinds of callers of a matrix who have no valid token here."""
OWNERS: Final = frozenset({"owner", "key"})
"""The owner, and the owner's API key."""
LINE: Final = 120


def personal_data(tree: cst.Module, one: Resource) -> cst.Module:
    return with_table(tree, personal(one))


def with_table(tree: cst.Module, text: str) -> cst.Module:
    """After the last table with personal data."""
    tables = assigned(tree, "TABLES")
    if not isinstance(tables, cst.Dict):
        raise NoAnchor
    kinds = [m.matches(element, m.DictElement(value=m.Call())) for element in tables.elements]
    place = len(kinds) - kinds[::-1].index(True) if True in kinds else 0
    tree = add_element(tree, tables, text, place)
    return add_imports(tree, {"tests.personal_data": ["COUNTER", "Personal"] if "COUNTER" in text else ["Personal"]})


def personal(one: Resource) -> str:
    exported = ", ".join(f'"{name}": "{one.plural}.{name}"' for name in one.columns)
    return f'"{one.plural}": Personal("account_id = $1", {{{exported}}}, {NOT_IN_EXPORT})'


def table(callers: Sequence[str], services: Sequence[str], one: Resource) -> str:
    """The lines of the matrix's table. Every person has a list and may add to it; an item is its owner's.

    Raises:
        Refused: a line would be too long.
    """

    def status(caller: str, granted: int, to_others: int) -> int:
        if caller in REFUSED:
            return REFUSED[caller]
        return 403 if caller in services else granted if caller in OWNERS else to_others

    operations = [
        ("GET", one.path, 200, 200),
        ("POST", one.path, 201, 201),
        ("GET", one.item, 200, 404),
        ("PATCH", one.item, 200, 404),
        ("DELETE", one.item, 204, 404),
    ]
    for width in (5, 3):
        lines = [
            f"{method:6} {path:35} {one.singular:7} "
            + " ".join(f"{status(caller, granted, to_others):<{width}}" for caller in callers).rstrip()
            for method, path, granted, to_others in operations
        ]
        if max(map(len, lines)) <= LINE:
            return "\n".join(lines) + "\n"
    raise Refused(f"{one.plural} is too long a name: its lines in the matrix would exceed {LINE} characters.")


def with_lines(text: str, services: Sequence[str], one: Resource) -> str:
    """The table with a resource's lines, before those of internal routes and probes. Raises NoAnchor."""
    head, *lines = text.strip("\n").splitlines(keepends=True)
    if head.split()[:3] != ["method", "path", "thing"]:
        raise NoAnchor
    if any(line.split()[1:2] == [one.path] for line in lines):
        return text
    own = [number for number, line in enumerate(lines) if line.split()[1].startswith(("/internal", "/livez"))]
    place = min(own, default=len(lines))
    lines.insert(place, table(head.split()[3:], services, one))
    return "\n" + head + "".join(lines).rstrip("\n") + "\n"


def matrix(services: Sequence[str]) -> Edit:
    def edit(tree: cst.Module, one: Resource) -> cst.Module:
        tree = edit_string(tree, assigned(tree, "TABLE"), lambda text: with_lines(text, services, one))
        for operation, changed in ((f"POST {one.path}", False), (f"PATCH {one.item}", True)):
            tree = add_element(tree, assigned(tree, "BODIES"), f'"{operation}": {one.body(changed=changed)}')
        require_names(tree, "matrix", "client", "headers")
        return add_to_function(tree, "thing", thing(one))

    return edit


def thing(one: Resource) -> str:
    return (
        f'if name == "{one.singular}":\n'
        f'    body, mine = BODIES["POST {one.path}"], headers["owner"][0]\n'
        f'    made = await client.post("{one.path}", json=body, headers=dict(mine))\n'
        f'    return {{"{one.its_id}": made.json()["id"]}}\n'
    )


def erasure(tree: cst.Module, one: Resource) -> cst.Module:
    """A row in the world of the erasure's tests."""
    require_names(tree, "world", "client", "signed_in", "ada")
    return add_to_function(tree, "world", row(one), before=is_return)


def row(one: Resource) -> str:
    headers = f'signed_in(ada) | {{"Idempotency-Key": "{one.singular}"}}'
    return f'assert (await client.post("{one.path}", json={one.body()}, headers={headers})).status_code == 201\n'


def export(sections: Sequence[str]) -> Edit:
    """The list of sections that a test expects."""

    def edit(tree: cst.Module, one: Resource) -> cst.Module:
        for node in m.findall(tree, m.List()):
            if isinstance(node, cst.List) and node.elements:
                texts = [text_of(element.value) for element in node.elements]
                if texts in (list(sections), [*sections, one.plural]):
                    return add_element(tree, node, f'"{one.plural}"')
        raise NoAnchor

    return edit


def paged(tree: cst.Module, one: Resource) -> cst.Module:
    """The routes that answer in pages, which are shed first."""
    return add_element(tree, assigned(tree, "PAGED"), page(one))


def page(one: Resource) -> str:
    return f'"GET {one.path}"'


def fuzz(tree: cst.Module, one: Resource) -> cst.Module:
    """One that exists, so that not every answer is a refusal."""
    known = assigned(tree, "known")
    tree = add_element(tree, known, f'"{one.its_id}": [{one.singular}["id"]]')
    made = (
        f"{one.singular} = (\n"
        f'    await client.post("{one.path}", json={one.body()}, headers=peers.issuer.person(ada))\n'
        f").json()\n"
    )
    test = function_assigning(tree, "known")
    require_names(tree, test, "client", "peers", "ada")
    return add_to_function(tree, test, made, before=binds("known"))


BY_HAND: Final[Mapping[str, Callable[[Resource], str]]] = {
    "personal_data.py": personal,
    "test_matrix.py": lambda one: (
        f"# a line for each route in TABLE, its bodies in BODIES, and in `thing`:\n{thing(one)}"
    ),
    "test_erasure.py": row,
    "test_export.py": lambda one: f'"{one.plural}"',
    "paged.py": page,
    "test_fuzz.py": lambda one: f'"{one.its_id}": [...]',
}
"""What to write, where a module does not look as expected; by the file's name."""
