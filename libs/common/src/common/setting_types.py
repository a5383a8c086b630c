"""The format of each kind of setting. An error shows a valid example, and never repeats the value (S-47)."""

import inspect
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
from annotated_types import Ge
from pydantic import AfterValidator, BeforeValidator, PostgresDsn, TypeAdapter, ValidationError
from pydantic_settings import NoDecode

TIME: Final = TypeAdapter(timedelta)


def seconds(value: Any) -> Any:
    """`1.5` is in seconds. pydantic alone would only accept `PT1.5S` from the environment, which works too."""
    if not isinstance(value, str):
        return value
    try:
        return TIME.validate_python(float(value))
    except ValueError:  # not a number, or out of range
        pass
    try:
        return TIME.validate_python(value)
    except ValidationError:
        raise ValueError("must be a time in seconds, such as 1.5, or as PT1M30S") from None


Duration = Annotated[timedelta, BeforeValidator(seconds), Ge(timedelta(0))]


def in_json(example: str) -> BeforeValidator:
    """Read a list as JSON. pydantic-settings would do it first, and its error would only name the setting."""

    def decode(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            found = json.loads(value)
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise ValueError(f"must be a list of texts in JSON, such as {example}")
        return found

    return BeforeValidator(decode)


def database_url(value: PostgresDsn) -> PostgresDsn:
    """One database on one server, for asyncpg. The password is a separate setting."""
    (host, *more) = value.hosts()
    if more or not host["host"] or not host["username"] or not re.fullmatch(r"/[^/]+", value.path or ""):
        raise ValueError("must name user, host and database: postgresql://USER@HOST:5432/DATABASE")
    if host["password"] is not None:
        raise ValueError("must not hold the password, which is a setting of its own: postgresql://USER@HOST/DATABASE")
    known = {*inspect.signature(asyncpg.connect).parameters, "prepared_statement_cache_size"}
    if not {name for name, _ in value.query_params()} <= known or value.fragment:
        raise ValueError("asks for what asyncpg does not know; TLS is `?ssl=require`, not `?sslmode=require`")
    return value


DatabaseUrl = Annotated[PostgresDsn, AfterValidator(database_url)]


def folder(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise ValueError("must be a folder, which is made if there is none; this is a file")
    return value


Folder = Annotated[Path, AfterValidator(folder)]


def word(value: str) -> str:
    if not value.strip():
        raise ValueError("must have letters or digits")
    return value


Words = Annotated[list[Annotated[str, AfterValidator(word)]], NoDecode, in_json('["trivium", "acme"]')]
