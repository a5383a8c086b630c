"""The table of settings, from the Settings classes."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from common.settings import MigrationSettings, ServiceSettings
from deploy.docs.markdown import code, table
from deploy.services import DATABASES, SERVICES

UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1), ("ms", 0.001))
IN_WORDS: Final = "by default"
"""Descriptions with this text have a default that depends on the machine or another setting."""


def settings() -> str:
    """A section for common settings, and one for each service's own."""
    sections = [section("Every service", ServiceSettings), section("Every migration", MigrationSettings, "profile")]
    for service in SERVICES:
        module = import_module(f"{service}.config")
        sections.append(section(f"{service} only", module.Settings, *ServiceSettings.model_fields))
        if service not in DATABASES:
            continue
        if own := module.MigrateSettings.model_fields.keys() - MigrationSettings.model_fields.keys():
            others = module.MigrateSettings.model_fields.keys() - own
            sections.append(section(f"{service}'s migration only", module.MigrateSettings, *others))
    return "\n\n".join(sections)


def section(title: str, of: type[BaseSettings], *without: str) -> str:
    fields = {name: field for name, field in of.model_fields.items() if name not in without}
    rows = [(code(name.upper()), default_of(field), meaning_of(name, field)) for name, field in fields.items()]
    return f"## {title}\n\n" + table(("setting", "default", "meaning"), rows)


def meaning_of(name: str, field: FieldInfo) -> str:
    """Raises ValueError: the field has no description."""
    if not field.description:
        raise ValueError(f"the setting {name.upper()} has no description: add one to its Field")
    notes = [*choices(field), *bounds(field)]
    return field.description + (f" ({', '.join(notes)})" if notes else "")


def choices(field: FieldInfo) -> Iterator[str]:
    if get_origin(field.annotation) is Literal:
        yield "one of " + ", ".join(code(choice) for choice in get_args(field.annotation))


def bounds(field: FieldInfo) -> Iterator[str]:
    zero = (0, timedelta(0))
    lows = [one.ge for one in field.metadata if isinstance(one, Ge) and one.ge not in zero]
    if lows:
        yield f"at least {shown(lows[-1])}"
    if any(isinstance(one, Gt) for one in field.metadata):
        yield "above 0"
    for one in field.metadata:
        if isinstance(one, Le):
            yield f"at most {shown(one.le)}"


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**" + (", secret" if field.annotation is SecretStr else "")
    if IN_WORDS in (field.description or ""):
        return ""
    value = field.get_default(call_default_factory=True)
    return "" if value is None or value is PydanticUndefined else code(shown(value))


def shown(value: Any) -> str:
    """As it is written in the environment; times with their unit, for people."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return next(
            (f"{seconds / size:g} {unit}" for unit, size in UNITS if seconds >= size and seconds % size == 0),
            f"{seconds * 1000:g} ms" if seconds else "0",
        )
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("'", '"') if isinstance(value, list) else str(value)
