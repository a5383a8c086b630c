"""Every error is a problem with its own code, and unexpected errors reveal nothing."""

import json
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import BaseModel
from sqlalchemy.exc import TimeoutError as PoolTimeout

from common.errors import (
    Conflict,
    DependencyUnavailable,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from common.http.problems import status_of
from tests.common.conftest import probe_app, probing
from tests.conftest import Log


class OutOfTea(Conflict):
    code = "test-out-of-tea"


class Model(BaseModel):
    number: int


def unicode_error() -> BaseException:
    return UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret")


def pydantic_error() -> BaseException:
    try:
        Model.model_validate({"number": "secret"})
    except ValueError as error:
        return error
    raise AssertionError


REFUSALS: dict[str, tuple[Callable[[], BaseException], int, str, str]] = {
    "ValueError": (lambda: ValueError("Not so."), 400, "bad-request", "Not so."),
    "DomainError": (lambda: DomainError("No."), 400, "bad-request", "No."),
    "Unauthenticated": (lambda: Unauthenticated("Who?"), 401, "unauthenticated", "Who?"),
    "Forbidden": (lambda: Forbidden("Not you."), 403, "forbidden", "Not you."),
    "NotFound": (lambda: NotFound("Nothing."), 404, "not-found", "Nothing."),
    "Conflict": (lambda: Conflict("Taken."), 409, "conflict", "Taken."),
    "a kind of Conflict": (lambda: OutOfTea("No tea."), 409, "test-out-of-tea", "No tea."),
    "InvalidInput": (lambda: InvalidInput("Hm."), 422, "invalid-input", "Hm."),
    "DependencyUnavailable": (lambda: DependencyUnavailable("Later."), 503, "dependency-unavailable", "Later."),
    "lone surrogate": (lambda: ValueError("\ud800"), 400, "bad-request", "\ud800"),
}
UNEXPECTED: dict[str, Callable[[], BaseException]] = {
    "UnicodeDecodeError": unicode_error,
    "pydantic": pydantic_error,
    "JSON": lambda: json.JSONDecodeError("secret", "secret", 0),
    "KeyError": lambda: KeyError("secret"),
    "RuntimeError": lambda: RuntimeError("secret"),
    "AssertionError": lambda: AssertionError("secret"),
    "RecursionError": lambda: RecursionError("secret"),
    "group": lambda: ExceptionGroup("secret", [ValueError("secret")]),
}
AWAY: dict[str, Callable[[], BaseException]] = {
    "connection refused": lambda: ConnectionRefusedError("secret"),
    "pool": lambda: PoolTimeout("secret"),
}
EVERYTHING = {name: make for name, (make, *_) in REFUSALS.items()} | UNEXPECTED | AWAY


@pytest.fixture
def failing() -> FastAPI:
    return probe_app(EVERYTHING)


@pytest.mark.parametrize(
    ("name", "status", "code", "detail"), [(name, *row[1:]) for name, row in REFUSALS.items()], ids=list(REFUSALS)
)
async def test_a_refusal_is_a_problem(failing: FastAPI, name: str, status: int, code: str, detail: str) -> None:
    async with probing(failing) as client:
        reply = await client.get(f"/probe/fail/{name}")
    problem = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem.pop("title")
    assert problem == {
        "type": f"urn:trivium:problem:{code}",
        "status": status,
        "detail": detail,
        "instance": f"urn:request:{reply.headers['x-request-id']}",
        "code": code,
    }
    assert reply.status_code == status
    assert ("www-authenticate" in reply.headers) == (status == 401)
    assert ("retry-after" in reply.headers) == (status == 503)


@pytest.mark.parametrize("name", UNEXPECTED)
async def test_the_unexpected_is_a_bare_500_whose_id_is_in_the_log(log: Log, name: str) -> None:
    """S-45. Also subclasses of ValueError: only an exact ValueError is meant for the caller."""
    async with probing(probe_app(EVERYTHING)) as client:
        reply = await client.get(f"/probe/fail/{name}")
    problem = reply.json()
    assert (reply.status_code, problem["code"], problem["detail"]) == (
        500,
        "internal-error",
        "Something went wrong on our side.",
    )
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    assert {line["event"] for line in log() if problem["instance"].endswith(line["request_id"])} == {
        "unexpected error",
        "request",
    }


@pytest.mark.parametrize("name", AWAY)
async def test_a_database_that_is_away_is_a_503(failing: FastAPI, name: str) -> None:
    async with probing(failing) as client:
        reply = await client.get(f"/probe/fail/{name}")
    assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable")
    assert reply.headers["retry-after"] == "1"
    assert "secret" not in reply.text


async def test_an_http_error_keeps_its_headers(probe: AsyncClient) -> None:
    reply = await probe.get("/probe/teapot")
    assert (reply.status_code, reply.json()["detail"], reply.headers["x-tea"]) == (418, "short and stout", "Earl Grey")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/probe", "/probe/", "/probe/who/", "//probe/who", "/docs", "/%00"])
async def test_an_unknown_route_is_a_404(probe: AsyncClient, path: str) -> None:
    reply = await probe.get(path)
    assert (reply.status_code, reply.json()["code"]) == (404, "no-such-route")
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/probe/who", "GET, HEAD"),
        ("GET", "/probe/notes", "POST"),
        ("TRACE", "/probe/who", "GET, HEAD"),
        ("OPTIONS", "/probe/who", "GET, HEAD"),
        ("HEAD", "/probe/notes", "POST"),
        ("BREW", "/probe/notes", "POST"),
    ],
)
async def test_an_unknown_method_is_a_405_that_names_the_known(
    probe: AsyncClient, method: str, path: str, allowed: str
) -> None:
    """S-43"""
    reply = await probe.request(method, path)
    assert (reply.status_code, reply.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert reply.json()["code"] == "method-not-allowed"


async def test_validation_errors_name_places_and_not_values(probe: AsyncClient) -> None:
    reply = await probe.post("/probe/notes", json={"text": ["secret"], **{f"secret{n}": n for n in range(100)}})
    problem = reply.json()
    assert (reply.status_code, problem["code"], len(problem["errors"])) == (422, "validation-failed", 20)
    assert problem["errors"][0] == {
        "loc": ["body", "text"],
        "msg": "Input should be a valid string",
        "type": "string_type",
    }
    assert '"secret"' not in reply.text


def kinds(root: type[BaseException]) -> Iterator[type[BaseException]]:
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_refusal_has_a_code_of_its_own() -> None:
    """And all have the same form: words and dashes. conduit passes on refusals of other services under their codes."""
    found: set[type[BaseException]] = {
        kind
        for root in (DomainError, DependencyUnavailable)
        for kind in kinds(root)
        if not kind.__module__.startswith("conduit.")
    } - {OutOfTea}
    assert len(found) > 15
    without = [kind.__name__ for kind in found if "code" not in vars(kind)]
    assert without == []
    codes = sorted(vars(kind)["code"] for kind in found)
    assert len(set(codes)) == len(codes), codes
    assert all(part.isalnum() and part.islower() for code in codes for part in code.split("-"))
    assert all(status_of(kind) in {400, 401, 403, 404, 409, 412, 422, 429, 503} for kind in found)
