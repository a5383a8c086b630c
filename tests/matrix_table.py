"""The tables of the authorization matrices: a line per operation, a column per kind of caller (`tests/matrix.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from common.services import SERVICES


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    method: str
    url: str
    thing: str
    cells: Mapping[str, int]

    @property
    def operation(self) -> str:
        return f"{self.method} {self.url.partition('?')[0]}"

    def __str__(self) -> str:
        return f"{self.method} {self.url} ({self.thing})"


def read(table: str) -> list[Line]:
    """The first line names the columns after `method path thing`. Those of removed services are left out.

    Lines that begin with # are comments, such as a mark of `deploy.generate.marks`.
    """
    rows = [line.split() for line in table.splitlines() if line.strip() and not line.startswith("#")]
    (_, _, _, *callers), *lines = rows
    services = callers[callers.index("gone") + 1 : callers.index("stray")] if {"gone", "stray"} <= {*callers} else []
    removed = {*services} - {*SERVICES}
    return [
        Line(
            method,
            url,
            thing,
            {who: int(cell) for who, cell in zip(callers, cells, strict=True) if who not in removed},
        )
        for method, url, thing, *cells in lines
    ]


def operations(app: FastAPI) -> set[str]:
    """All routes of an app, also those hidden from OpenAPI."""
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    return {f"{method} {route.path_format}" for route in routes for method in route.methods or ()}  # type: ignore[attr-defined]


def complaints(app: FastAPI, lines: Sequence[Line], where: str) -> list[str]:
    """Missing and superfluous lines of the table."""
    served, said = operations(app), {line.operation for line in lines}
    callers = " ".join(lines[0].cells)
    lacking = f"has no line in the TABLE of {where}: add one that says which status each of these gets: {callers}"
    return [
        *(f"{operation} {lacking}" for operation in sorted(served - said)),
        *(f"{operation} is served no more: remove its line from the TABLE of {where}" for operation in said - served),
    ]
