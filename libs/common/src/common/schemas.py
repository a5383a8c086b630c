"""Schemas and field types that several services use."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Final

import email_validator
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from common.visible_text import not_blank, visible_line

MAX_ID: Final = 2**53 - 1
"""Ids fit exactly in a JavaScript number."""
DIGITS: Final = re.compile(r"[0-9]{1,16}")
MAX_PASSWORD: Final = 256
"""Code points in compatibility form (NFKC), the form in which passwords are compared."""
MAX_TYPED: Final = 4 * MAX_PASSWORD
"""Code points as typed: some systems send a letter and its accents separately."""
MAX_EMAIL: Final = 254
SPECIAL_USE: Final = frozenset(email_validator.SPECIAL_USE_DOMAIN_NAMES)
"""Domains without public mail (RFC 6761), such as `local`. A setting of auth decides which of them are accepted."""
# The library's list is global to the process and would refuse them everywhere: at sign-in, and in MAIL_FROM.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


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


def folded(address: Any) -> Any:
    """Fold compatibility characters and case (NFKC). This may turn other characters into an `@` or a space.

    Mails go to the result, so two mailboxes must never become one. So not `casefold`: it turns `straße.de` into
    `strasse.de`, somebody else's domain (RFC 5894, section 7.2). Each letter is lowered alone, since `lower` of a whole
    word turns a final Σ into ς, which is another domain as well.
    """
    if not isinstance(address, str) or len(address) > MAX_EMAIL:  # too long: refused later, without this work (S-38)
        return address
    lowered = "".join(letter.lower() for letter in unicodedata.normalize("NFKC", address))
    return unicodedata.normalize("NFKC", lowered)


# Folded before the check, so that the stored text is an address; and after it, since the check decodes xn-- domains.
Email = Annotated[EmailStr, BeforeValidator(folded), AfterValidator(folded), Field(max_length=MAX_EMAIL)]
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)


def normal_email(address: str) -> str | None:
    """A mailbox in its one spelling, as `Email` stores it; None if it is no address."""
    try:
        return _EMAIL.validate_python(address)
    except ValidationError:
        return None


# As typed. auth counts again in NFKC, and has further rules (`auth.services.password_policy`).
NewPassword = Annotated[str, Field(min_length=8, max_length=MAX_PASSWORD, repr=False), AfterValidator(no_nul)]


class Incoming(BaseModel):
    """A public request body. Unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Outgoing(BaseModel):
    """A response body. Only the fields of the schema are sent."""

    model_config = ConfigDict(from_attributes=True)
