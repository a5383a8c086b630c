"""The table of idempotency keys, for a service whose first route that creates is the one of the resource."""

from collections.abc import Mapping
from typing import Final

import libcst as cst

from deploy.new_resource.edits import (
    NoAnchor,
    add_argument,
    add_element,
    add_imports,
    add_statements,
    argument,
    assigned,
    call_of,
    statements,
)
from deploy.new_resource.names import Resource
from deploy.new_resource.proofs import with_table
from deploy.new_resource.wiring import Edit

TABLE: Final = "IdempotencyKey"
MODEL: Final = '''class IdempotencyKey(IdempotencyKeyRow, Base):
    """`common.http.idempotency`."""
'''
LOOP: Final = "partial(forget_expired, opened.database)"
PERSONAL: Final = """"idempotency_keys": Personal("subject = $1::bigint::text", {}, dict.fromkeys(
    ("subject", "method", "path", "key", "fingerprint", "status", "headers", "body", "created_at"),
    "repeats an answer for 24 h, whose data are exported",
))"""
CREATE: Final = """op.create_table(
    "idempotency_keys",
    sa.Column("subject", sa.Text(), nullable=False),
    sa.Column("method", sa.Text(), nullable=False),
    sa.Column("path", sa.Text(), nullable=False),
    sa.Column("key", sa.Text(), nullable=False),
    sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
    sa.Column("status", sa.SmallInteger(), nullable=False),
    sa.Column("headers", JSONB(), nullable=False),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    sa.PrimaryKeyConstraint("subject", "method", "path", "key", name=op.f("pk_idempotency_keys")),
)
op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
"""
DROP: Final = 'op.drop_table("idempotency_keys")\n'


def shared(tree: cst.Module, one: Resource) -> cst.Module:
    return add_imports(add_statements(tree, MODEL), {"common.http.idempotency": ["IdempotencyKeyRow"]})


def models(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_element(tree, assigned(tree, "__all__"), f'"{TABLE}"')
    return add_imports(tree, {f"{one.service}.models.shared": [TABLE]})


def deps(tree: cst.Module, one: Resource) -> cst.Module:
    parts = call_of(tree, "Parts")
    try:
        tree = add_element(tree, argument(parts, "loops"), LOOP)
    except NoAnchor:
        tree = add_argument(tree, parts, f"loops=({LOOP},)", before=("relay_loops", "state"))
    return add_imports(tree, {"common.http.idempotency": ["forget_expired"], "functools": ["partial"]})


def erasing(tree: cst.Module, one: Resource) -> cst.Module:
    tree = add_element(tree, assigned(tree, "STEPS"), "erase_keys")
    return add_imports(tree, {"common.http.idempotency": ["erase_keys"]})


def personal_data(tree: cst.Module, one: Resource) -> cst.Module:
    return with_table(tree, PERSONAL)


def with_keys(migration: str) -> str:
    """A resource's migration, which also creates the table of keys."""
    tree = cst.parse_module(migration)
    for function, text in (("upgrade", CREATE), ("downgrade", DROP)):
        (definition,) = [one for one in tree.body if isinstance(one, cst.FunctionDef) and one.name.value == function]
        body = [*definition.body.body, *statements(tree, text)]
        tree = tree.with_deep_changes(definition.body, body=body)
    return add_imports(tree, {"sqlalchemy.dialects.postgresql": ["JSONB"]}).code


MODULES: Final[Mapping[str, Edit]] = {
    "models/shared.py": shared,
    "models/__init__.py": models,
    "deps.py": deps,
    "repositories/erasing.py": erasing,
}
