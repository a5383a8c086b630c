"""Reads answers: models, or problems as exceptions."""

import json
from typing import Any, TypeVar

from httpx import Response
from pydantic import TypeAdapter, ValidationError

from trivium_client.errors import Problem, UnexpectedAnswer
from trivium_client.model import Model
from trivium_client.problems import BY_CODE

M = TypeVar("M", bound=Model)


def read(kind: type[M], answer: Response) -> M:
    """The body of an answer, with its ETag.

    Raises:
        UnexpectedAnswer: the body has another form.
    """
    try:
        body = kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise UnexpectedAnswer(f"{answer.request.method} {answer.url.path}: {error}") from error
    body._etag = answer.headers.get("ETag")
    return body


def choose(kind: Any, answer: Response) -> Any:
    """The body of an answer that is one of several models: `kind` is their union. Raises UnexpectedAnswer."""
    try:
        return TypeAdapter(kind).validate_json(answer.content)
    except ValidationError as error:
        raise UnexpectedAnswer(f"{answer.request.method} {answer.url.path}: {error}") from error


def problem_of(answer: Response) -> Problem | UnexpectedAnswer:
    """The exception for an answer without success."""
    if answer.status_code < 400:
        return UnexpectedAnswer(f"{answer.request.method} {answer.url.path}: status {answer.status_code}")
    members = members_of(answer)
    kind = BY_CODE.get(str(members.get("code")), Problem)
    return kind(answer.status_code, members, retry_after(answer))


def members_of(answer: Response) -> dict[str, Any]:
    """The members of a problem; empty for the page of a proxy."""
    try:
        members = json.loads(answer.content)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def retry_after(answer: Response) -> float | None:
    """Seconds; None if the answer does not say, or says a date."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else None
