"""The names of a resource, and the types that its fields may have."""

import builtins
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import BaseModel
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.orm import DeclarativeBase

from deploy.refusals import Refused

OWN_COLUMNS: Final = ("id", "account_id", "version", "created_at", "updated_at")
PARAMETERS: Final = ("account", "expected_versions")
"""Of statements that change rows, where each other parameter sets the column of its name."""
ADDED: Final = ("place", "nth", "so_far", "more")
"""Columns that exports and pages add to rows."""
OTHERS: Final = frozenset({*OWN_COLUMNS, *PARAMETERS, *ADDED, "datetime", "metadata"})
NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
PLURAL: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")
LONGEST: Final = 28
"""Letters of a name: an export's place has room for 30 (`common.events.exports`)."""


@dataclass(frozen=True)
class FieldType:
    """A type of `FIELDS`, in each layer. Values are Python literals of tests and examples."""

    incoming: str
    """Its name in `common.schemas`."""
    python: str
    column: str
    """SQLAlchemy's type."""
    outgoing: str
    example: str
    another: str
    wrong: str
    is_text: bool = False


TYPES: Final[Mapping[str, FieldType]] = {
    "line": FieldType("ShortText", "str", "Text", "str", '"First light"', '"Second light"', '"a\\nb"', is_text=True),
    "text": FieldType("LongText", "str", "Text", "str", '"It was a clear night."', '"And cold."', '" "', is_text=True),
    "count": FieldType("Count", "int", "BigInteger", "Count", "3", "4", "-1"),
    "moment": FieldType(
        "GivenMoment",
        "datetime",
        "DateTime(timezone=True)",
        "Moment",
        '"2026-11-22T13:28:00Z"',
        '"2026-11-23T13:28:00Z"',
        '"2026-11-22"',
    ),
    "flag": FieldType("Flag", "bool", "Boolean", "bool", "True", "False", '"yes"'),
    "link": FieldType(
        "Link",
        "str",
        "Text",
        "str",
        '"https://example.com/first-light"',
        '"https://example.com/second-light"',
        '"example.com"',
        is_text=True,
    ),
}


@dataclass(frozen=True)
class Field:
    """A field of a resource."""

    name: str
    type: FieldType
    optional: bool


@dataclass(frozen=True)
class Resource:
    """A resource of a service: its names in each place, derived from `plural` and `singular`."""

    service: str
    prefix: str
    """The path that the gateway routes to the service."""
    plural: str
    singular: str
    fields: tuple[Field, ...]

    @property
    def path(self) -> str:
        return f"{self.prefix}/{self.plural.replace('_', '-')}"

    @property
    def item(self) -> str:
        """The path of one, as its route writes it."""
        return f"{self.path}/{{{self.its_id}}}"

    @property
    def its_id(self) -> str:
        return f"{self.singular}_id"

    @property
    def kind(self) -> str:
        """`LineItem` for `line_item`."""
        return camel(self.singular)

    @property
    def kinds(self) -> str:
        return camel(self.plural)

    @property
    def constant(self) -> str:
        return self.plural.upper()

    @property
    def code(self) -> str:
        """The code of the problem that there is none."""
        return f"{self.singular.replace('_', '-')}-not-found"

    @property
    def said(self) -> str:
        """In a sentence."""
        return self.singular.replace("_", " ")

    @property
    def all_said(self) -> str:
        return self.plural.replace("_", " ")

    @property
    def a(self) -> str:
        """With its article."""
        return f"{'an' if self.singular[0] in 'aeiou' else 'a'} {self.said}"

    @cached_property
    def operations(self) -> tuple[str, ...]:
        """The operation ids of its routes."""
        one = self.singular
        return f"create_{one}", f"list_{self.plural}", f"get_{one}", f"revise_{one}", f"delete_{one}"

    @property
    def columns(self) -> tuple[str, ...]:
        """What its owner sees, in order."""
        return ("id", *(field.name for field in self.fields), "created_at", "updated_at")

    @property
    def texts(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.type.is_text)

    def body(self, *, changed: bool = False) -> str:
        """A dict display with a value for each field; `changed`: another value for the first."""
        if changed:
            return f'{{"{self.fields[0].name}": {self.fields[0].type.another}}}'
        return "{" + ", ".join(f'"{field.name}": {field.type.example}' for field in self.fields) + "}"


def camel(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def singular_of(plural: str) -> str:
    """`poll`, `category`, `box`. Raises Refused: the plural does not end like one."""
    for ending, replacement in (("ies", "y"), ("xes", "x"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh")):
        if plural.endswith(ending) and len(plural) > len(ending) + 1:
            return plural.removesuffix(ending) + replacement
    if not plural.endswith("s") or plural.endswith("ss"):
        raise Refused(f"{plural} does not look like a plural: name one with SINGULAR=.")
    return plural.removesuffix("s")


def named(service: str, prefix: str, plural: str, singular: str, fields: str) -> Resource:
    """The resource that a command names. Raises Refused."""
    require_name("NAME", plural, PLURAL)
    singular = singular or singular_of(plural)
    require_name("SINGULAR", singular, PLURAL)
    if singular == plural:
        raise Refused(f"{plural} is its own singular: paths and modules need two names.")
    resource = Resource(service, prefix, plural, singular, fields_of(fields))
    if resource.its_id in [field.name for field in resource.fields]:
        raise Refused(f"The field {resource.its_id} would have the name of the resource's own id.")
    return resource


def require_name(what: str, name: str, shape: re.Pattern[str]) -> None:
    if not shape.fullmatch(name) or len(name) > LONGEST:
        raise Refused(f"{what}={name} is no name of up to {LONGEST} small letters, with _ between words.")
    if is_taken_by_language(name):
        raise Refused(f"{what}={name} is a word of Python or SQL.")


def fields_of(text: str) -> tuple[Field, ...]:
    """The fields of `question:line closes_at:moment?`. Raises Refused."""
    fields = tuple(map(field_of, text.split()))
    if not fields:
        raise Refused('A resource has at least one field: FIELDS="question:line closes_at:moment?".')
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"The field {name} is named twice.")
    return fields


def field_of(text: str) -> Field:
    name, _, kind = text.partition(":")
    optional = kind.endswith("?")
    kind = kind.removesuffix("?")
    if kind not in TYPES:
        raise Refused(f"{text} has no type that there is: use one of {', '.join(TYPES)}, with ? if it is optional.")
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise Refused(f"The field {name} is no name of up to {LONGEST} small letters and digits, with _ between words.")
    if name in OTHERS or hasattr(BaseModel, name) or name.startswith("model_") or hasattr(DeclarativeBase, name):
        raise Refused(f"The field {name} has a name that each resource, or its framework, uses itself.")
    if is_taken_by_language(name):
        raise Refused(f"The field {name} has a name of Python or SQL.")
    return Field(name, TYPES[kind], optional)


def is_taken_by_language(name: str) -> bool:
    return keyword.iskeyword(name) or hasattr(builtins, name) or name in RESERVED_WORDS
