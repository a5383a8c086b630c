"""Statements of SQLAlchemy, compiled once and run on asyncpg itself.

SQLAlchemy compiles the SQL, keeps the pool and provides the result. Its own work for each execution (a context, a cache
key, a cursor that adapts asyncpg) would take longer than PostgreSQL. Repositories' statements are constants of their
modules, so each is compiled once. SQLAlchemy's types convert the values, as usual.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Executable, Float, Numeric, Result
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from common.db.statement_spans import statement_span
from common.spans import tracer_here

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
Rows = Result[*tuple[Any, ...]]

DIALECT: Final = dialect()  # type: ignore[no-untyped-call]
ASYNCPG_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
FLOAT8: Final = 701
NUMERIC: Final = 1700
NO_ROWS: Final = SimpleResultMetaData(["unknown"])
"""The columns of no rows, where nobody has said them: one, so that `scalars()` finds it."""


class CompiledStatement:
    """The SQL of one statement, the names of its parameters in order, and the names and types of its columns."""

    __slots__ = ("_binds", "_columns", "_defaults", "_names", "_processors", "_results", "sql")

    def __init__(self, statement: Executable, names: Sequence[str]) -> None:
        """Compile it for parameters of these names; an INSERT without VALUES has a column for each.

        Raises:
            TypeError: it depends on the values of its parameters.
        """
        if not isinstance(statement, ClauseElement):
            raise TypeError(f"no statement: {statement!r}")
        compiled = statement.compile(dialect=DIALECT, column_keys=list(names) or None)
        if not isinstance(compiled, SQLCompiler) or compiled.insert_prefetch or compiled.update_prefetch:
            raise TypeError(f"a default that Python makes is given as a parameter instead: {compiled}")
        if compiled.post_compile_params:
            raise TypeError(f"a list of values is one parameter, an array: column == func.any(…): {compiled}")
        self.sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        binds = {name: compiled.binds[name] for name in self._names}
        self._defaults = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        processors = {name: bind.type.dialect_impl(DIALECT).bind_processor(DIALECT) for name, bind in binds.items()}
        self._binds = {name: processor for name, processor in processors.items() if processor}
        columns = compiled._result_columns  # there is no public API for them
        found = [
            (each.keyname, each.type.dialect_impl(DIALECT).result_processor(DIALECT, wire_type(each.type)))
            for each in columns
        ]
        self._processors = {name: processor for name, processor in found if processor}
        self._columns: SimpleResultMetaData | None = None
        self._results: Sequence[tuple[int, Any]] = ()
        if found and compiled._ordered_columns:  # otherwise it is text, whose columns only PostgreSQL knows
            self._name_columns([name for name, _ in found])

    def _name_columns(self, names: Sequence[str]) -> None:
        self._columns = SimpleResultMetaData(names)
        self._results = [
            (place, self._processors[name]) for place, name in enumerate(names) if name in self._processors
        ]

    def arguments(self, params: Mapping[str, Any]) -> list[Any]:
        """The parameters in the order of their numbers in the SQL.

        Raises:
            KeyError: one is missing.
        """
        values = {**self._defaults, **params} if self._defaults else params
        if not self._binds:
            return [values[name] for name in self._names]
        return [self._binds[name](values[name]) if name in self._binds else values[name] for name in self._names]

    def columns(self, records: Sequence[asyncpg.Record]) -> SimpleResultMetaData:
        """The names of the columns. Only a first row has those of text.

        `Connection.prepare` would know them without a row, but leaves the connection in the middle of a request until
        the next one: `statement_timeout` and closing count that as a statement that runs.
        """
        if self._columns is None and records:
            self._name_columns(list(records[0].keys()))
        return NO_ROWS if self._columns is None else self._columns

    def values(self, records: Sequence[asyncpg.Record]) -> list[tuple[Any, ...]]:
        """The rows, converted by the types of their columns."""
        if not self._results:
            return [tuple(record) for record in records]
        rows = [list(record) for record in records]
        for row in rows:
            for index, processor in self._results:
                row[index] = processor(row[index])
        return [tuple(row) for row in rows]


def wire_type(column: TypeEngine[Any]) -> int | None:
    """The number of PostgreSQL's type, where SQLAlchemy converts by it."""
    if isinstance(column, Float):
        return FLOAT8
    return NUMERIC if isinstance(column, Numeric) else None


COMPILED: Final = WeakKeyDictionary[Executable, dict[tuple[str, ...], CompiledStatement]]()


def compile_once(statement: Executable, params: Mapping[str, Any]) -> CompiledStatement:
    """The statement's SQL, compiled at its first use; an INSERT or UPDATE for each set of parameter names."""
    names = tuple(params) if statement.is_dml else ()
    try:
        return COMPILED[statement][names]
    except KeyError:
        compiled = CompiledStatement(statement, names)
        COMPILED.setdefault(statement, {})[names] = compiled
        return compiled


async def run(connection: asyncpg.Connection, statement: Executable, params: Params = None) -> Rows:
    """Run a statement; with a sequence of parameters once for each, and then without a result.

    Raises:
        DBAPIError: PostgreSQL refused it, or the connection is lost (`connection_invalidated`).
        TimeoutError: it took longer than the connection allows.
    """
    first = params[0] if isinstance(params, Sequence) else params or {}
    compiled = compile_once(statement, first)
    tracer = tracer_here()
    if tracer is None:
        return await send_statement(connection, compiled, params, first)
    with statement_span(tracer, statement, compiled.sql, len(params) if isinstance(params, Sequence) else 1):
        return await send_statement(connection, compiled, params, first)


async def send_statement(
    connection: asyncpg.Connection, compiled: CompiledStatement, params: Params, first: Mapping[str, Any]
) -> Rows:
    """`run`, for a compiled statement."""
    try:
        if isinstance(params, Sequence):
            await connection.executemany(compiled.sql, [compiled.arguments(each) for each in params])
            return IteratorResult(NO_ROWS, iter(()))
        records = await connection.fetch(compiled.sql, *compiled.arguments(first))
        return IteratorResult(compiled.columns(records), iter(compiled.values(records)))
    except ASYNCPG_ERRORS as error:
        raise sqlalchemy_error(error, compiled.sql, connection) from error


def sqlalchemy_error(error: Exception, sql: str | None, connection: asyncpg.Connection | None) -> DBAPIError:
    """SQLAlchemy's error for one of asyncpg's. Neither repeats the parameters, which may be secrets.

    A connection counts as lost as well if a migration made its prepared statements invalid (`InvalidCachedStatement`):
    asyncpg prepares again by itself, but not in a transaction.
    """
    if isinstance(error, asyncpg.DataError):
        error.args = (str(error.args[0]).partition(":")[0],)  # a colon and the wrong value end the message
    kind = IntegrityError if isinstance(error, asyncpg.IntegrityConstraintViolationError) else DBAPIError
    is_outdated = isinstance(error, asyncpg.InvalidCachedStatementError)
    is_broken = isinstance(error, asyncpg.InternalClientError)
    is_lost = is_outdated or is_broken or connection is None or connection.is_closed()
    return kind(sql, None, error, hide_parameters=True, connection_invalidated=is_lost)
