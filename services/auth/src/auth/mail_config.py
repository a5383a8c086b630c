"""Settings of the mails' looks and languages; also read alone, by the preview."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, EmailStr, Field, NameEmail, model_validator

from auth.services.mail.templates import LAST, Brand, Templates
from common.locales import normal_locale
from common.settings import BaseConfig
from common.url_types import BaseAddress

NOBODY: Final = NameEmail("Trivium", "no-reply@trivium.example")
COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
READABLE: Final = 4.5
"""The contrast that texts need (WCAG 2.2, 1.4.3)."""
WHITE: Final = 1.0
GREEN: Final = "#0f6b5c"
"""The page's accent colour."""


def luminance(colour: str) -> float:
    """0 for black, 1 for white (WCAG 2.2, relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def behind_white(colour: str) -> str:
    """A colour that white text can be read on."""
    if not COLOUR.fullmatch(colour):
        raise ValueError("must be a colour in hexadecimal, such as #0f6b5c")
    contrast = (WHITE + 0.05) / (luminance(colour) + 0.05)
    if contrast < READABLE:
        raise ValueError(
            f"is too light for a button's white text: their contrast is {contrast:.1f}, and must be {READABLE}"
        )
    return colour.lower()


def printable(text: str) -> str:
    """Lines of visible text."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if not all(line.isprintable() for line in lines):
        raise ValueError("must be lines of visible text")
    return "\n".join(lines)


# Checked with the settings, and used by the app: read once for both.
templates_of = cache(Templates)


class MailSettings(BaseConfig):
    """What mails look like, and their languages."""

    mail_from: NameEmail = Field(NOBODY, description="The sender of mails; mails use its name as the site's name.")
    app_url: BaseAddress | None = Field(None, description="Base address of links in mails; by default the ISSUER.")
    mail_templates: Path | None = Field(
        None, description="A folder with texts of mails of your own, which replace ours file by file."
    )
    mail_locale: Annotated[str, AfterValidator(normal_locale)] = Field(
        LAST, description="The language of mails to people whose own language has none."
    )
    mail_support: EmailStr | None = Field(None, description="The address in mails for people who need help.")
    mail_imprint: Annotated[str, Field(max_length=1000), AfterValidator(printable)] = Field(
        "", description="Lines below each mail, such as the operator's postal address."
    )
    brand_colour: Annotated[str, AfterValidator(behind_white)] = Field(
        GREEN, description="The colour of buttons in mails, dark enough for white text."
    )

    def read_templates(self) -> Templates:
        """Raises BadTemplates."""
        brand = Brand(self.mail_from.name, self.brand_colour, self.mail_support or "", self.mail_imprint)
        return templates_of(brand, self.mail_templates, self.mail_locale)

    @model_validator(mode="after")
    def find_mistakes_in_templates(self) -> Self:
        """Before the first mail is sent."""
        try:
            self.read_templates()
        except ValueError as error:
            named = "MAIL_TEMPLATES" if self.mail_templates else "MAIL_LOCALE"
            raise ValueError(f"{named}: {error}") from error
        return self

    @model_validator(mode="after")
    def name_the_sender_in_one_line(self) -> Self:
        if not self.mail_from.name.isprintable():
            raise ValueError("MAIL_FROM must be one line")
        return self
