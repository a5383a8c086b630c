"""Schemas and field types that several services use."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
)

from common.visible_text import not_blank, visible_line, visible_words

MAX_ID: Final = 2**53 - 1
"""Ids fit exactly in a JavaScript number."""
DIGITS: Final = re.compile(r"[0-9]{1,16}")
MAX_PASSWORD: Final = 256
"""Code points in compatibility form (NFKC), the form in which passwords are compared."""
MAX_TYPED: Final = 4 * MAX_PASSWORD
"""Code points as typed: some systems send a letter and its accents separately."""


def decimal(value: Any) -> Any:
    """Accept only plain ASCII digits as a number: pydantic would also read `1_0`, ` 7` and `7.0`."""
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise ValueError("must be a decimal number")
    return value


# Without a format, generated clients keep 32 bits of an integer.
WIDE: Final[dict[str, Any]] = {"format": "int64"}
Id = Annotated[
    int, Field(ge=1, le=MAX_ID, strict=False, examples=[41], json_schema_extra=WIDE), BeforeValidator(decimal)
]
AfterId = Annotated[int, Field(ge=0, le=MAX_ID, json_schema_extra=WIDE), BeforeValidator(decimal)]
PageSize = Annotated[int, Field(ge=1, le=100)]

Moment = Annotated[datetime, Field(examples=["2026-11-22T13:28:00Z"])]


def no_nul(text: str) -> str:
    """Refuse what PostgreSQL cannot store: NUL, and half of a surrogate pair, which JSON can escape."""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must not contain half of a surrogate pair") from error
    return text


Text = Annotated[str, AfterValidator(no_nul)]
Written = Annotated[Text, AfterValidator(not_blank)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(visible_line)]

Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]

Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(visible_line),
    Field(examples=["Asked for by its owner in ticket 4711."]),
]
"""Why an admin does something. It stays in the audit trail."""

URL: Final = TypeAdapter(HttpUrl)
TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt].+")


def without_credentials(url: HttpUrl) -> str:
    """A URL in its normal form (RFC 3986). Others see it, so a user name or password in it is refused."""
    if url.username is not None or url.password is not None:
        raise ValueError("must not hold a name or password")
    return str(url)


def link(text: str) -> str:
    """An http or https URL, as `without_credentials`."""
    return without_credentials(URL.validate_python(text))


def written_time(value: Any) -> Any:
    """Accept only a written time (RFC 3339): pydantic would also read seconds since 1970, and dates."""
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise ValueError("must be a time with its offset, such as 2026-11-22T13:28:00Z")
    return value


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC. An offset can move the first and the last day out of the years that there are."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be a time of the years 1 to 9999 in UTC") from error


# Types of incoming fields. `make new-resource` knows them as line, text, count, moment, flag and link.
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(visible_words)]
LongText = Annotated[Written, StringConstraints(min_length=1, max_length=5000)]
Count = Annotated[int, Field(ge=0, le=MAX_ID, strict=True, json_schema_extra=WIDE)]
GivenMoment = Annotated[AwareDatetime, BeforeValidator(written_time), AfterValidator(in_utc)]
Flag = Annotated[bool, Field(strict=True)]
Link = Annotated[str, StringConstraints(max_length=2000), AfterValidator(link)]


# As typed. auth counts again in NFKC, and has further rules (`auth.services.passwords.policy`).
NewPassword = Annotated[str, Field(min_length=8, max_length=MAX_PASSWORD, repr=False), AfterValidator(no_nul)]


class Incoming(BaseModel):
    """A public request body. Unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Outgoing(BaseModel):
    """A response body. Only the fields of the schema are sent."""

    model_config = ConfigDict(from_attributes=True)
