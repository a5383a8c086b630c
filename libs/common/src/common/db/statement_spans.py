"""Spans of SQL statements, by the conventions of OpenTelemetry 1.44 for databases. Without values, and without SQL.

A span is named by the statement's operations and tables (`db.query.summary`). `statement.name` is the constant that
holds the statement, such as `posts.repositories.posts:GET`.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Final
from weakref import WeakKeyDictionary

from opentelemetry.trace import Span, SpanKind, Tracer
from sqlalchemy import Executable

from common import spans
from common.services import SERVICES

OURS: Final = frozenset({"common", *SERVICES})
LONGEST: Final = 255
"""Characters of a summary, by the conventions."""
OTHER_WORDS: Final = re.compile(
    r"'[^']*'|--.*|\bDISTINCT\s+FROM\b|\b(?:FOR(?:\s+NO\s+KEY)?|DO)\s+UPDATE\b", re.IGNORECASE
)
"""Where the words below mean something else: in texts, `FOR UPDATE`, `DO UPDATE`."""
PARTS: Final = re.compile(
    r"([()])|\b(SELECT)\b|\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)|\b(?:FROM|JOIN)\s+(\w+)\b(?!\s*\()",
    re.IGNORECASE,
)
"""A parenthesis, an operation, an operation with its table, or a table that is read; functions are none."""
NAMED_QUERY: Final = re.compile(r"\b(\w+)\s*(?:\([^()]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatementName:
    """The name of a statement's spans, and the attributes that are always the same."""

    summary: str
    attributes: spans.Attributes


NAMES: Final = WeakKeyDictionary[Executable, StatementName]()


@contextmanager
def statement_span(tracer: Tracer, statement: Executable, sql: str, times: int) -> Iterator[None]:
    """A span around a statement, which runs with so many sets of parameters. Nothing is traced inside of it."""
    name = NAMES.get(statement)
    if name is None:
        name = NAMES[statement] = name_of(statement, sql)
    with ended(tracer, name) as span:
        if times > 1:
            span.set_attribute("db.operation.batch.size", times)
        yield


COMMIT: Final = StatementName("COMMIT", {"db.system.name": "postgresql", "db.operation.name": "COMMIT"})


@contextmanager
def commit_span() -> Iterator[None]:
    """A span around a COMMIT, which may take longer than the statements."""
    tracer = spans.tracer_here()
    if tracer is None:
        yield
        return
    with ended(tracer, COMMIT):
        yield


@contextmanager
def ended(tracer: Tracer, name: StatementName) -> Iterator[Span]:
    span = tracer.start_span(name.summary, kind=SpanKind.CLIENT, attributes=dict(name.attributes))
    try:
        yield span
    except BaseException as error:
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        if state:
            span.set_attribute("db.response.status_code", state)
        spans.fail(span, state or type(error).__qualname__)
        raise
    finally:
        span.end()


def name_of(statement: Executable, sql: str) -> StatementName:
    """Reads the name from the compiled SQL, which holds no values."""
    parts = operations(sql)
    tables = {table for _, found in parts for table in found}
    summary = " ".join(" ".join((operation, *found)) for operation, found in parts)[:LONGEST]
    attributes: dict[str, str | int] = {"db.system.name": "postgresql", "db.query.summary": summary}
    if len(kinds := {operation for operation, _ in parts}) == 1:
        attributes["db.operation.name"] = kinds.pop()
    if len(tables) == 1:
        attributes["db.collection.name"] = tables.pop()
    if constant := constants().get(id(statement)):
        attributes["statement.name"] = constant
    return StatementName(summary or "SQL", attributes)


def operations(sql: str) -> list[tuple[str, list[str]]]:
    """The operations of a statement with their tables, in the order of the text: the outermost one, and all changes.

    A query inside of another one is left out, unless the outermost one has no table.
    """
    text = OTHER_WORDS.sub(" ", sql)
    named = {name.lower() for name in NAMED_QUERY.findall(text)}
    found: list[tuple[int, str, list[str]]] = []
    tables: list[list[str]] = [[]]  # of the operation that is under way, for each open parenthesis
    for bracket, reading, change, changed, read in PARTS.findall(text):
        if bracket == "(":
            tables.append([])
        elif bracket:
            del tables[max(1, len(tables) - 1) :]
        elif reading or change:
            tables[-1] = [changed] if changed else []
            found.append((len(tables), (reading or change).upper().split()[0], tables[-1]))
        elif read.lower() not in named and read not in tables[-1]:
            tables[-1].append(read)
    with_tables = [part for part in found if part[2]]
    main = [part for part in with_tables if part[0] == 1 or part[1] != "SELECT"] or with_tables[:1] or found[:1]
    return [(operation, names) for _, operation, names in main]


@cache
def constants() -> dict[int, str]:
    """The names of the constants that hold statements, by `id`: of modules, which stay."""
    found: dict[int, str] = {}
    modules = [name for name in list(sys.modules) if name.partition(".")[0] in OURS]
    # Imported constants are in several modules; those that define them come first.
    for name in sorted(modules, key=lambda name: (not name.startswith("common."), ".repositories." not in name, name)):
        for constant, value in list(vars(sys.modules[name]).items()):
            for place, one in enumerate(value) if isinstance(value, tuple | list) else [(None, value)]:
                if isinstance(one, Executable):
                    found.setdefault(id(one), f"{name}:{constant}" + ("" if place is None else f"[{place}]"))
    return found
