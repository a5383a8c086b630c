"""`python -m auth write-mails`: the mails of all languages as files, to look at before the first is sent."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

import typer

from auth.mail_config import MailSettings
from auth.services.mail.templates import Templates
from common.settings import load

INDEX: Final = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Mails</title>\n'


def add_mail_commands(cli: typer.Typer) -> None:
    @cli.command("write-mails")
    def write_mails(folder: Path) -> None:
        """Write each mail in each language into a folder, with sample values: open its index.html in a browser."""
        templates = load(MailSettings).read_templates()
        folder.mkdir(parents=True, exist_ok=True)
        lines = list(write_samples(templates, folder))
        (folder / "index.html").write_text(INDEX + "".join(lines), encoding="utf-8")
        typer.echo(f"{len(lines)} mails: open {folder / 'index.html'}")


def write_samples(templates: Templates, folder: Path) -> Iterator[str]:
    """Write each mail's two parts; yields its line of the index."""
    for locale, kind, filled in templates.samples():
        name = f"{locale}-{kind}"
        (folder / f"{name}.html").write_text(filled.html, encoding="utf-8")
        (folder / f"{name}.txt").write_text(f"{filled.subject}\n\n{filled.text}", encoding="utf-8")
        yield (
            f'<p>{locale} <a href="{name}.html" lang="{locale}">{escape(filled.subject)}</a>'
            f' ({kind}, <a href="{name}.txt">text</a>)</p>\n'
        )
