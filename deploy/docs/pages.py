"""Writes and checks the generated parts of pages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from deploy.docs.commands import commands
from deploy.docs.files import ROOT
from deploy.docs.metrics import metrics
from deploy.docs.problems import problems
from deploy.docs.settings import settings

REFERENCE: Final = ROOT / "docs" / "reference"
MADE: Final[Mapping[str, Callable[[], str]]] = {
    "settings": settings,
    "commands": commands,
    "metrics": metrics,
    "problems": problems,
}
BEGIN: Final = "<!-- made from the code by `make docs`; do not edit -->\n"
END: Final = "\n<!-- end of what is made from the code -->\n"


def page_of(name: str) -> Path:
    return REFERENCE / f"{name}.md"


def as_it_should_be(page: str, made: str) -> str:
    """The page with its generated part replaced. Raises ValueError: the page has no place for one."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no part that is made from the code")
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def write() -> list[str]:
    """Write the outdated pages; returns their names."""
    changed = differing()
    for name, text in changed.items():
        page_of(name).write_text(text, encoding="utf-8")
    return list(changed)


def differing() -> dict[str, str]:
    """The outdated pages, with their new content."""
    pages = {name: page_of(name).read_text(encoding="utf-8") for name in MADE}
    wanted = {name: as_it_should_be(page, MADE[name]()) for name, page in pages.items()}
    return {name: text for name, text in wanted.items() if text != pages[name]}
