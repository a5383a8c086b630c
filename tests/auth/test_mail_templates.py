"""The mails that come with auth: every kind in every language."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from jinja2 import Environment, meta

from auth.mail_config import templates_of
from auth.services.mail.sending import Kind
from auth.services.mail.template_files import LIFETIME, SHIPPED, SUBJECT, TEXT
from auth.services.mail.templates import SAMPLES, Brand, Filled, counted

LOCALES = ("de", "en", "es", "fr", "ja")
BRAND = Brand("Trivium", "#0f6b5c", "help@example.com", "Example Ltd\n1 High Street")
MAILS = [pytest.param(locale, kind, id=f"{locale}-{kind}") for locale in LOCALES for kind in Kind]
MARKUP = '<img src="https://evil.example/x.png">&"\'\r\nBcc: eve@example.com\n\nhttps://evil.example'
VOID = {"meta", "br", "img", "hr", "link"}


class Page(HTMLParser):
    """Checks that each element is closed, and collects what a reader's program would load or open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.root: dict[str, str | None] = {}
        self.elements: set[str] = set()
        self.links: list[str | None] = []
        self.sources: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.add(tag)
        self.root = values if tag == "html" else self.root
        self.open += [] if tag in VOID else [tag]
        self.links += [values["href"]] if "href" in values else []
        self.sources += [values[name] for name in ("src", "srcset", "background") if name in values]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def sample(locale: str, kind: Kind) -> Filled:
    return templates_of(BRAND).fill(kind, locale, SAMPLES.get(kind, {}))


def used(locale: str, name: str) -> set[str]:
    source = (SHIPPED / locale / name).read_text(encoding="utf-8")
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(source))


def missing() -> Iterator[str]:
    for locale in LOCALES:
        names = [LIFETIME, *(f"{kind}.{part}" for kind in Kind for part in (SUBJECT, TEXT))]
        yield from (f"write {SHIPPED / locale / name}" for name in names if not (SHIPPED / locale / name).is_file())


def test_no_translation_is_missing() -> None:
    assert list(missing()) == []
    assert templates_of(BRAND).locales == set(LOCALES)


@pytest.mark.parametrize(("locale", "kind"), MAILS)
def test_a_mail_is_whole_in_all_parts(locale: str, kind: Kind) -> None:
    mail = sample(locale, kind)
    assert (mail.locale, mail.subject.splitlines()) == (locale, [mail.subject])
    assert 5 <= len(mail.subject) <= 100
    assert not re.search(r"[{}]|\bNone\b", mail.subject + mail.text)
    page = read(mail.html)
    assert (page.root["lang"], page.root["dir"]) == (locale, "ltr")
    link = SAMPLES.get(kind, {}).get("link")
    assert page.links == [*([link, link] if link else []), "mailto:help@example.com"]
    assert page.sources == []
    assert not re.search(r"url\(|@import|<script", mail.html)
    assert mail.text.endswith("\n\n-- \nTrivium\nhelp@example.com\n\nExample Ltd\n1 High Street\n")


@pytest.mark.parametrize(("locale", "kind"), MAILS)
def test_a_translation_uses_the_placeholders_of_the_english_text(locale: str, kind: Kind) -> None:
    for part in (SUBJECT, TEXT):
        assert used(locale, f"{kind}.{part}") == used("en", f"{kind}.{part}")


@pytest.mark.parametrize(("locale", "kind"), MAILS)
def test_a_value_adds_no_markup_no_line_and_no_link(locale: str, kind: Kind) -> None:
    """Wherever a text comes from, such as a name: it stays a text."""
    plain, brand = sample(locale, kind), Brand(MARKUP, "#0f6b5c", "help@example.com")
    hostile = templates_of(brand).fill(kind, locale, dict.fromkeys(SAMPLES.get(kind, {}), MARKUP))
    assert read(hostile.html).elements == read(plain.html).elements
    assert read(hostile.html).sources == []
    assert not [link for link in read(hostile.html).links if link and link.startswith("https://evil")]
    assert len(hostile.subject.splitlines()) == 1


@pytest.mark.parametrize(
    ("lifetime", "said"),
    [
        (timedelta(hours=1), ["1 Stunde", "1 hour", "1 hora", "1 heure", "1時間"]),
        (timedelta(minutes=90), ["90 Minuten", "90 minutes", "90 minutos", "90 minutes", "90分"]),
        (timedelta(hours=24), ["24 Stunden", "24 hours", "24 horas", "24 heures", "24時間"]),
        (timedelta(days=7), ["168 Stunden", "168 hours", "168 horas", "168 heures", "168時間"]),
    ],
    ids=str,
)
def test_a_lifetime_is_written_as_the_language_does(lifetime: timedelta, said: list[str]) -> None:
    for locale, words in zip(LOCALES, said, strict=True):
        mail = templates_of(BRAND).fill(
            Kind.password_reset, locale, {**SAMPLES[Kind.password_reset], "lifetime": lifetime}
        )
        assert words in mail.text.replace("\N{NO-BREAK SPACE}", " ")


def test_no_link_is_promised_for_longer_than_it_works() -> None:
    assert counted(timedelta(minutes=179, seconds=59)) == {"count": 2, "unit": "hours"}
    assert counted(timedelta(minutes=119)) == {"count": 119, "unit": "minutes"}
    assert counted(timedelta(seconds=59)) == {"count": 1, "unit": "minutes"}


@pytest.mark.parametrize(
    ("wanted", "default", "got"),
    [
        ("de", "en", "de"),
        ("de-AT", "en", "de"),
        ("de-Latn-CH-1996", "en", "de"),
        ("pt-BR", "fr", "fr"),
        ("pt-BR", "fr-CA", "fr"),
        (None, "ja", "ja"),
        (None, "en", "en"),
    ],
)
def test_a_mail_falls_back_to_less_exact_then_default_language(wanted: str | None, default: str, got: str) -> None:
    assert templates_of(BRAND, default=default).fill(Kind.email_changed, wanted, {}).locale == got
