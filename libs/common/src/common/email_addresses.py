"""E-mail addresses: the one spelling of a mailbox, and the domains without public mail."""

import unicodedata
from typing import Annotated, Any, Final

import email_validator
from pydantic import AfterValidator, BeforeValidator, EmailStr, Field, TypeAdapter, ValidationError

MAX_EMAIL: Final = 254
SPECIAL_USE: Final = frozenset(email_validator.SPECIAL_USE_DOMAIN_NAMES)
"""Domains without public mail (RFC 6761), such as `local`. Which of them accounts may have is a setting of auth's."""
# The library's list is for the whole process and would refuse them everywhere: at sign-in, and in MAIL_FROM.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


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
