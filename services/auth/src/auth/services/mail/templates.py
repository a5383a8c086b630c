"""The texts of mails in people's languages: filled with values, as plain text and as HTML.

A template is written in Jinja, in a sandbox. Its text is the source of both parts of a mail: the HTML part has the
same paragraphs, escaped after they were filled. So no value can add markup, a paragraph or a header line, and the two
parts never differ. A paragraph whose last line is the link becomes a button. `KIND.html` may replace that for a mail.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, Final, TypeAlias

from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from auth.services.mail.sending import Kind
from auth.services.mail.template_files import HTML, LAYOUTS, LIFETIME, SUBJECT, TEXT, BadTemplates, read_files
from common.locales import truncations

Values: TypeAlias = Mapping[str, str | timedelta]
LAST: Final = "en"
"""The language that has every mail."""


def linked(kind: Kind, lifetime: timedelta) -> dict[str, str | timedelta]:
    return {"link": f"https://example.com/#{kind}=3q2-7wAh5jVtYk0c", "lifetime": lifetime}


SAMPLES: Final[Mapping[Kind, Values]] = {
    Kind.verify_email: linked(Kind.verify_email, timedelta(hours=24)),
    Kind.password_reset: linked(Kind.password_reset, timedelta(hours=1)),
    Kind.email_change: linked(Kind.email_change, timedelta(minutes=90)) | {"account": "a***@e***"},
    Kind.sign_in_code: {"code": "41870362", "lifetime": timedelta(minutes=10)},
}
"""The placeholders that only some kinds have, with sample values."""
MAX_SUBJECT: Final = 150
INDISPENSABLE: Final = frozenset({"link", "code"})
"""A mail that has this placeholder is useless without it."""
BRAND: Final = frozenset({"product", "support", "imprint"})
IN_LAYOUT: Final = {
    "layout.txt": {"body"},
    "layout.html": {"subject", "paragraphs", "link", "lang", "dir", "colour"},
}
IN_LIFETIME: Final = frozenset({"count", "unit"})
RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"})
COLON: Final = " \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}:\N{FULLWIDTH COLON}"


@dataclass(frozen=True, slots=True)
class Brand:
    """What an adopter's mails say of their site. All texts may be empty, except the product's name."""

    product: str
    colour: str
    support: str = ""
    imprint: str = ""
    """One or more lines below each mail."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A mail's parts, and their language."""

    locale: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a mail, or the label of its button."""

    text: str
    is_link: bool = False


class Templates:
    """All texts, read and checked once. Raises BadTemplates, which names file and placeholder."""

    def __init__(self, brand: Brand, own: Path | None = None, default: str = LAST) -> None:
        self.files = read_files(own)
        self._brand_values = {"product": brand.product, "support": brand.support, "imprint": brand.imprint}
        self._colour, self._default = brand.colour, default
        layouts = {name: self.files.sources[name] for name in LAYOUTS}
        self._plain = environment(layouts, escape=False)
        self._html = environment(layouts, escape=True)
        self._compiled = {path: self._compile(path, source) for path, source in self.files.sources.items()}
        self._kinds = {locale: self.files.kinds(locale) for locale in self.files.locales}
        if not any(tag in self._kinds for tag in truncations(default)):
            raise BadTemplates(f"there are only mails in {', '.join(sorted(self.locales))}")
        self._refuse_bad_ones()

    @property
    def locales(self) -> frozenset[str]:
        """The languages that people can be written to in."""
        return self.files.locales

    def locale_of(self, kind: Kind, wanted: str | None) -> str:
        """The language of a mail: as wanted, or less exact, or the default one, or English."""
        return next(tag for tag in self._chain(wanted) if kind in self._kinds.get(tag, ()))

    def fill(self, kind: Kind, wanted: str | None, values: Values) -> Filled:
        """A mail. Values are lines of text; lifetimes are written as the language does."""
        return self._fill(kind, self.locale_of(kind, wanted), values)

    def _fill(self, kind: Kind, locale: str, values: Values) -> Filled:
        try:
            known = self._brand_values | {name: self._written(locale, value) for name, value in values.items()}
            subject = one_line(self._compiled[f"{locale}/{kind}.{SUBJECT}"].render(known))
            body = self._compiled[f"{locale}/{kind}.{TEXT}"].render(known).strip()
            text = self._compiled["layout.txt"].render(known, body=body).strip() + "\n"
            page = {"link": "", **known, "subject": subject, "lang": locale, "dir": direction(locale)}
            rows = list(paragraphs(body, page["link"], subject))
            own = self._compiled.get(f"{locale}/{kind}.{HTML}") or self._compiled["layout.html"]
            return Filled(locale, subject, text, own.render(page, colour=self._colour, paragraphs=rows))
        except (TemplateError, ArithmeticError, LookupError, TypeError) as error:
            raise BadTemplates(f"{locale}/{kind} cannot be rendered: {error}") from error

    def _chain(self, wanted: str | None) -> Iterator[str]:
        for tag in (wanted, self._default, LAST):
            yield from truncations(tag or "")

    def _written(self, locale: str, value: str | timedelta) -> str:
        if isinstance(value, str):
            return one_line(value)
        return one_line(self._compiled[self._lifetime_of(locale)].render(counted(value)))

    def _lifetime_of(self, locale: str) -> str:
        for tag in truncations(locale):
            if (path := f"{tag}/{LIFETIME}") in self._compiled:
                return path
        raise BadTemplates(f"{locale}/{LIFETIME} is missing: it says how that language writes 24 hours")

    def _compile(self, path: str, source: str) -> Template:
        env = self._html if path.endswith(f".{HTML}") else self._plain
        try:
            parsed = env.parse(source)
            used = meta.find_undeclared_variables(parsed)
            allowed = placeholders(path)
            if strange := sorted(used - allowed):
                raise BadTemplates(
                    f"{path} uses {', '.join(strange)}, which it does not get; there are {', '.join(sorted(allowed))}"
                )
            return env.from_string(parsed)
        except TemplateSyntaxError as error:
            raise BadTemplates(f"{path} is not well written: {error.message}, in line {error.lineno}") from error

    def samples(self) -> Iterator[tuple[str, Kind, Filled]]:
        """Each mail of each language, with sample values. Raises BadTemplates."""
        for locale, kinds in sorted(self._kinds.items()):
            for kind in kinds:
                yield locale, kind, self._fill(kind, locale, SAMPLES.get(kind, {}))

    def _refuse_bad_ones(self) -> None:
        """Render everything once, with sample values."""
        for locale, kind, filled in self.samples():
            if not filled.subject or len(filled.subject) > MAX_SUBJECT:
                raise BadTemplates(f"{locale}/{kind}.{SUBJECT} must have 1 to {MAX_SUBJECT} characters")
            for name in SAMPLES.get(kind, {}).keys() & INDISPENSABLE:
                value = str(SAMPLES[kind][name])
                for part, shown in ((TEXT, filled.text), (HTML, unescape(filled.html))):
                    if value not in shown:
                        raise BadTemplates(
                            f"{locale}/{kind}.{part} does not show {name}; without it the mail is useless"
                        )


def environment(layouts: Mapping[str, str], *, escape: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        autoescape=escape,
        undefined=StrictUndefined,
        loader=DictLoader(layouts),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def placeholders(path: str) -> frozenset[str]:
    """The placeholders that a file gets."""
    name = path.rpartition("/")[2]
    if name == LIFETIME:
        return IN_LIFETIME
    if name in LAYOUTS:
        return BRAND | IN_LAYOUT[name]
    kind, _, part = name.rpartition(".")
    own = BRAND | SAMPLES.get(Kind(kind), {}).keys()
    return own | IN_LAYOUT["layout.html"] if part == HTML else own


def paragraphs(body: str, link: str, subject: str) -> Iterator[Paragraph]:
    for block in re.split(r"\n\s*\n", body):
        *label, last = block.strip().splitlines()
        if link and last == link:
            yield Paragraph(" ".join(label).rstrip(COLON) or subject, is_link=True)
        else:
            yield Paragraph(block.strip())


def one_line(text: str) -> str:
    return " ".join(line for part in text.splitlines() if (line := part.strip()))


def direction(locale: str) -> str:
    return "rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def counted(lifetime: timedelta) -> Mapping[str, Any]:
    """The lifetime as a number of hours or minutes, rounded down: no link is promised for longer than it works."""
    minutes = max(1, int(lifetime.total_seconds()) // 60)
    if minutes >= 120 or minutes == 60:
        return {"count": minutes // 60, "unit": "hours"}
    return {"count": minutes, "unit": "minutes"}
