"""An adopter's own texts (MAIL_TEMPLATES), and what stops auth from starting with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from auth.commands import cli
from auth.mail_config import MailSettings, templates_of
from auth.services.mail.sending import Kind
from auth.services.mail.template_files import BadTemplates
from auth.services.mail.templates import SAMPLES, Brand, Filled, Templates
from common.settings import explain

BRAND = Brand("Acme", "#0f6b5c")
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def fill(own: Path, kind: Kind, locale: str) -> Filled:
    return templates_of(BRAND, own).fill(kind, locale, SAMPLES.get(kind, {}))


def test_one_file_replaces_ours_and_the_others_stay(write: Write) -> None:
    own = write({"de/verify-email.subject": "Willkommen bei {{ product }}\n", ".hidden": "{{ oops"})
    mail = fill(own, Kind.verify_email, "de-AT")
    assert (mail.locale, mail.subject) == ("de", "Willkommen bei Acme")
    assert "E-Mail-Adresse bestätigen:\n" in mail.text
    assert fill(own, Kind.verify_email, "en").subject == "Confirm your e-mail address"


def test_a_language_of_ones_own_has_the_mails_that_it_has(write: Write) -> None:
    texts = {"verify-email.subject": "אמת", "verify-email.txt": "אמת:\n{{ link }}\n\n{{ lifetime }}"}
    own = write({f"he/{name}": text for name, text in texts.items()} | {"he/lifetime.txt": "{{ count }} {{ unit }}"})
    mail = fill(own, Kind.verify_email, "he-IL")
    assert (mail.locale, mail.subject, "24 hours" in mail.text) == ("he", "אמת", True)
    assert '<html lang="he" dir="rtl">' in mail.html
    assert fill(own, Kind.password_reset, "he").locale == "en"


def test_a_region_may_differ_from_its_language(write: Write) -> None:
    own = write({"fr-CA/email-changed.subject": "Courriel modifié", "fr-CA/email-changed.txt": "Bonjour {{ product }}"})
    assert fill(own, Kind.email_changed, "fr-CA").subject == "Courriel modifié"
    assert fill(own, Kind.email_changed, "fr").subject == "Votre adresse e-mail a été modifiée"


def test_html_and_layout_may_be_ones_own(write: Write) -> None:
    page = '{% extends "layout.html" %}{% block body %}<h2>{{ product }}</h2><a href="{{ link }}">!</a>{% endblock %}'
    own = write({"en/verify-email.html": page, "layout.txt": "{{ body }}\n== {{ product }} =="})
    mail = fill(own, Kind.verify_email, "en")
    assert "<h2>Acme</h2>" in mail.html
    assert 'lang="en"' in mail.html
    assert mail.text.endswith("== Acme ==\n")


def test_the_link_has_a_button_even_without_a_label(write: Write) -> None:
    own = write({"en/verify-email.txt": "Hi.\n\n{{ link }}"})
    assert ">Confirm your e-mail address</a>" in fill(own, Kind.verify_email, "en").html


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"en/welcome.txt": "Hi"}, ["en/welcome.txt is no file of a mail", "verify-email"]),
        ({"en/verify-email.md": "Hi"}, ["en/verify-email.md is no file of a mail"]),
        ({"readme.txt": "Hi"}, ["readme.txt is no file of a mail"]),
        ({"pt_BR/lifetime.txt": "1"}, ["pt_BR must be a language as in BCP 47"]),
        ({"pt-br/lifetime.txt": "1"}, ["pt-br", "name it pt-BR"]),
        ({"en/verify-email.txt": "{{ link }} {{ nmae }}"}, ["en/verify-email.txt uses nmae", "link, product"]),
        ({"en/email-changed.txt": "{{ link }}"}, ["en/email-changed.txt uses link"]),
        ({"en/verify-email.txt": "Hi"}, ["en/verify-email.txt does not show link"]),
        ({"en/verify-email.html": "Hi"}, ["en/verify-email.html does not show link"]),
        ({"en/verify-email.txt": "{{ link"}, ["en/verify-email.txt is not well written", "in line 1"]),
        ({"en/verify-email.txt": "{{ link|shout }}"}, ["en/verify-email.txt is not well written", "shout"]),
        ({"en/verify-email.txt": "{{ link }}{{ 1 // 0 }}"}, ["en/verify-email cannot be rendered"]),
        ({"en/verify-email.txt": "{{ link.__class__.__mro__ }}"}, ["en/verify-email cannot be rendered", "unsafe"]),
        ({"en/verify-email.html": '{% include "/etc/passwd" %}'}, ["en/verify-email cannot be rendered", "passwd"]),
        ({"en/verify-email.subject": ""}, ["en/verify-email.subject must have 1 to 150 characters"]),
        ({"pt/email-changed.txt": "Olá"}, ["pt/email-changed.subject is missing beside pt/email-changed.txt"]),
        (
            {"pt/verify-email.subject": "Olá", "pt/verify-email.txt": "{{ link }} {{ lifetime }}"},
            ["pt/lifetime.txt is missing"],
        ),
        ({"layout.html": "<p>{{ bdoy }}</p>"}, ["layout.html uses bdoy"]),
    ],
    ids=str,
)
def test_a_bad_file_stops_the_start_and_is_named(write: Write, files: dict[str, str], named: list[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        MailSettings.model_validate({"mail_templates": write(files)})
    said = explain(refused.value)
    assert [part for part in ["MAIL_TEMPLATES: ", *named] if part not in said] == []
    assert len(said.splitlines()) == 1


def test_a_folder_that_is_not_there_or_not_text_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadTemplates, match="must be a folder"):
        Templates(BRAND, tmp_path / "nowhere")
    (tmp_path / "layout.txt").write_bytes(b"\xff")
    with pytest.raises(BadTemplates, match=r"layout\.txt is not text in UTF-8"):
        Templates(BRAND, tmp_path)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"mail_locale": "pt"}, "MAIL_LOCALE: there are only mails in de, en, es, fr, ja"),
        ({"mail_locale": "english, please"}, "MAIL_LOCALE: Value error, must be a language as in BCP 47"),
        ({"brand_colour": "red"}, "BRAND_COLOUR: Value error, must be a colour in hexadecimal, such as #0f6b5c"),
        ({"brand_colour": "#ffcc00"}, "BRAND_COLOUR: Value error, is too light for a button's white text"),
        ({"mail_support": "help"}, "MAIL_SUPPORT"),
        ({"mail_imprint": "a\x1b[31mb"}, "MAIL_IMPRINT: Value error, must be lines of visible text"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MailSettings.model_validate(settings)
    assert named in explain(refused.value)


def test_brand_settings_are_in_every_mail() -> None:
    given = {"mail_from": "Acme <us@acme.example>", "mail_support": "help@acme.example", "brand_colour": "#7A1F5C"}
    settings = MailSettings.model_validate(
        given | {"mail_imprint": " Acme Ltd \n 1 High Street ", "mail_locale": "de-CH"}
    )
    mail = settings.read_templates().fill(Kind.password_reset, None, SAMPLES[Kind.password_reset])
    assert (mail.locale, "background: #7a1f5c" in mail.html) == ("de", True)
    assert mail.text.endswith("-- \nAcme\nhelp@acme.example\n\nAcme Ltd\n1 High Street\n")


def test_all_mails_can_be_looked_at_before_the_first_is_sent(tmp_path: Path, write: Write) -> None:
    own = write({"de/verify-email.subject": "Willkommen"})
    out = tmp_path / ".out"
    done = CliRunner().invoke(cli, ["write-mails", str(out)], env={"MAIL_TEMPLATES": str(own)})
    assert (done.exit_code, f"{5 * len(Kind)} mails" in done.output) == (0, True), done.output
    assert "Willkommen" in (out / "de-verify-email.txt").read_text(encoding="utf-8")
    index = (out / "index.html").read_text(encoding="utf-8")
    assert all((out / f"{locale}-{kind}.html").is_file() for locale in ("de", "ja") for kind in Kind)
    assert index.count("<a ") == 2 * 5 * len(Kind)
