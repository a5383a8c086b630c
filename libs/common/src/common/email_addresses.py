"""E-mail addresses: the one spelling of a mailbox, and the domains without public mail."""

import unicodedata
from typing import Annotated, Any, Final

import email_validator
from pydantic import AfterValidator, BeforeValidator, EmailStr, Field, TypeAdapter, ValidationError

MAX_EMAIL: Final = 254
SPECIAL_USE: Final = frozenset(email_validator.SPECIAL_USE_DOMAIN_NAMES)
"""Domains without public mail (RFC 6761), such as `local`. A setting of auth decides which of them are accepted."""
# The library's list is global to the process and would refuse them everywhere: at sign-in, and in MAIL_FROM.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


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
