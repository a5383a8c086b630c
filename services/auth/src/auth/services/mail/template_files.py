"""Reads the files of mails' texts: those that come with auth, and over them those of a folder of the adopter's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auth.services.mail.sending import Kind
from common.locales import normal_locale

SHIPPED: Final = Path(__file__).parents[2] / "templates"
LAYOUTS: Final = ("layout.txt", "layout.html")
LIFETIME: Final = "lifetime.txt"
"""How a language writes a lifetime, such as `24 hours`."""
SUBJECT, TEXT, HTML = "subject", "txt", "html"
KINDS: Final = tuple(Kind)


class BadTemplates(ValueError):
    """A file that cannot be used, in a sentence that names it."""


@dataclass(frozen=True, slots=True)
class MailFiles:
    """The sources by path, relative to the folder."""

    sources: Mapping[str, str]

    @property
    def locales(self) -> frozenset[str]:
        """Languages with at least one mail."""
        return frozenset(path.split("/")[0] for path in self.sources if path.endswith(f".{SUBJECT}"))

    def kinds(self, locale: str) -> list[Kind]:
        """The kinds that this language has a mail for."""
        return [kind for kind in KINDS if f"{locale}/{kind}.{SUBJECT}" in self.sources]


def read_files(own: Path | None) -> MailFiles:
    """Read all files once; no later request reads one. Raises BadTemplates."""
    found = dict(files_in(SHIPPED))
    if own is not None:
        if not own.is_dir():
            raise BadTemplates("must be a folder, and there is none")
        found |= dict(files_in(own))
    files = MailFiles(found)
    for path in found:
        require_both(path, files)
    return files


def files_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Two levels, without hidden names: a Kubernetes volume keeps its versions in some. Links are followed."""
    try:
        for entry in visible(folder):
            if not entry.is_dir():
                yield known(entry.name), text_of(entry)
                continue
            for file in visible(entry):
                yield known(f"{entry.name}/{file.name}"), text_of(file)
    except OSError as error:
        raise BadTemplates(f"{Path(error.filename).name} cannot be read: {error.strerror}") from error


def visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadTemplates(f"{file.parent.name}/{file.name} is not text in UTF-8") from error


def known(path: str) -> str:
    """The path, if a file of this name is ever used. Raises BadTemplates."""
    if path in LAYOUTS:
        return path
    locale, _, name = path.partition("/")
    kind, _, part = name.rpartition(".")
    if not name or (name != LIFETIME and (kind not in KINDS or part not in (SUBJECT, TEXT, HTML))):
        raise BadTemplates(
            f"{path} is no file of a mail. There are {', '.join(LAYOUTS)}, and in the folder of a language {LIFETIME}"
            f" and KIND.{SUBJECT}, KIND.{TEXT} and KIND.{HTML}, with the kinds {', '.join(KINDS)}"
        )
    try:
        normal = normal_locale(locale)
    except ValueError as error:
        raise BadTemplates(f"{locale} {error}") from error
    if normal != locale:
        raise BadTemplates(f"{locale} is not how a folder of this language is named: name it {normal}")
    return path


def require_both(path: str, files: MailFiles) -> None:
    """A mail has its subject and its text in one language. Raises BadTemplates."""
    if path in LAYOUTS or path.endswith(f"/{LIFETIME}"):
        return
    mail = path.rpartition(".")[0]
    for part in (SUBJECT, TEXT):
        if f"{mail}.{part}" not in files.sources:
            raise BadTemplates(f"{mail}.{part} is missing beside {path}")
