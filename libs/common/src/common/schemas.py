"""Schemas and field types that more than one service speaks."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Final

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

MAX_ID: Final = 2**53 - 1
"""Ids fit a JavaScript number exactly."""
DIGITS: Final = re.compile(r"[0-9]{1,16}")
MAX_PASSWORD: Final = 256
"""Code points in compatibility form (NFKC), in which passwords are compared."""
MAX_TYPED: Final = 4 * MAX_PASSWORD
"""Code points as typed: some systems send a letter and its accents one by one."""
MAX_EMAIL: Final = 254


def decimal(value: Any) -> Any:
    """Let only plain ASCII digits be a number: pydantic would also read `1_0`, ` 7` and `7.0`."""
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
    """PostgreSQL can store neither NUL nor half of a surrogate pair, which JSON can escape and UTF-8 cannot hold."""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must not contain half of a surrogate pair") from error
    return text


def visible_line(text: str) -> str:
    """Refuse what could make one name look like another: control, format (bidi, zero-width) and line characters.

    What joins emoji (families, flags, skin tones, keycaps) is invisible as well, so it is let through behind one only.
    What Unicode has not assigned is let through: it is somebody's new emoji before it is this Python's.
    """
    for before, character, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if hides(character) and not (character in JOINERS and joins(before, character, after)):
            raise ValueError("must not contain control or invisible characters")
    if all(character.isspace() or character in JOINERS for character in text):
        raise ValueError("must not be blank")
    return text


def visible_words(text: str) -> str:
    """As `visible_line`, for what nobody is known by: in Persian and in Indic scripts joiners are part of words."""
    visible_line("".join(one for before, one in zip(f" {text}", text, strict=False) if not joins_letters(before, one)))
    return text


def hides(character: str) -> bool:
    code = ord(character)
    if unicodedata.category(character) == "Cn":  # no characters for ever, or such as will be invisible
        return code & 0xFFFE == 0xFFFE or any(code in codes for codes in NEVER_SEEN)
    return unicodedata.category(character) in INVISIBLE or character in FILLERS or character in JOINERS


def joins(before: str, character: str, after: str) -> bool:
    """Whether there is an emoji that this belongs to."""
    if before in KEYS:
        return character == AS_EMOJI and after == KEYCAP
    return before in JOINERS or before in EMOJI_TOO or unicodedata.category(before)[0] == "S"


def joins_letters(before: str, character: str) -> bool:
    return character in LETTER_JOINERS and not before.isascii() and unicodedata.category(before)[0] in "LM"


AS_EMOJI: Final = "\ufe0f"
LETTER_JOINERS: Final = frozenset("\u200c\u200d")
JOINERS: Final = frozenset({"\u200d", "\ufe0e", AS_EMOJI})
KEYS: Final = frozenset("0123456789#*")
KEYCAP: Final = "\u20e3"
EMOJI_TOO: Final = frozenset("\u203c\u2049\u2139")
"""Signs and a letter that are emoji with `AS_EMOJI` behind them."""
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co"})
FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that show nothing."""
NEVER_SEEN: Final = (range(0xFDD0, 0xFDF0), range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))

Text = Annotated[str, AfterValidator(no_nul)]
Line = Annotated[str, AfterValidator(visible_line)]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=100)]


def folded(address: Any) -> Any:
    """Compatibility characters and case folded (NFKC), which may make an `@` or a space of something else.

    Mails go to what this yields, so it never makes one mailbox of two: not `casefold`, which writes `straße.de` as
    `strasse.de`, somebody else's domain (RFC 5894, section 7.2). Letter by letter, since `lower` of a whole word makes
    a Σ at its end a ς, which is another domain as well.
    """
    if not isinstance(address, str) or len(address) > MAX_EMAIL:  # too long: not worth the work (S-38)
        return address
    lowered = "".join(letter.lower() for letter in unicodedata.normalize("NFKC", address))
    return unicodedata.normalize("NFKC", lowered)


# Folded before the check, so that what is stored is an address; and after it, since it decodes xn-- domains.
Email = Annotated[EmailStr, BeforeValidator(folded), AfterValidator(folded), Field(max_length=MAX_EMAIL)]
_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)


def normal_email(address: str) -> str | None:
    """The one spelling of a mailbox, as `Email` stores it; None if it is no address at all."""
    try:
        return _EMAIL.validate_python(address)
    except ValidationError:
        return None


# As typed; auth counts again in NFKC, and says what else it takes (`auth.services.password_policy`).
NewPassword = Annotated[str, Field(min_length=8, max_length=MAX_PASSWORD, repr=False), AfterValidator(no_nul)]


class Incoming(BaseModel):
    """A public body. Unknown fields are refused, so that a misspelt one cannot be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class Outgoing(BaseModel):
    """An answer. Only what the schema names ever leaves."""

    model_config = ConfigDict(from_attributes=True)


class UserCreate(Incoming):
    """What it takes to sign up."""

    email: Email = Field(examples=["ada@example.com"])
    password: NewPassword = Field(examples=["correct horse battery staple"])
    name: Name = Field(max_length=100, examples=["Ada Lovelace"])


class UserResponse(Outgoing):
    """An account or a profile, as little as every service knows of it."""

    id: Id
    email: str | None = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
