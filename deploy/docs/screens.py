# file: only with posts
"""Makes docs/screens, the pictures of the web client and the console, from the screenshots of `make screens`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.docs.files import ROOT

SHOTS: Final = ROOT / ".local" / "screenshots"
"""Written by tests/system/page, as NAME-SIZE-SCHEME.png."""
PAGE_TESTS: Final = ROOT / "tests" / "system" / "page"
FOLDER: Final = ROOT / "docs" / "screens"
KINDS: Final[Mapping[str, int]] = {"desktop-light": 640, "desktop-dark": 640, "phone-light": 260}
"""The kinds of pictures that the page shows, and their width."""
QUALITY: Final = 55
VIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    "Reading": {
        "visitor": "The latest posts, for a visitor",
        "home": "The latest posts, signed in",
        "top": "The most liked posts",
        "tags": "All tags",
        "tag": "The posts of a tag",
        "search": "Search",
        "post": "A post with its comments",
        "person": "A person",
        "followers": "Somebody's followers",
        "empty": "You follow nobody yet",
        "menu": "Your menu",
    },
    "Writing": {
        "write": "Edit a post",
        "kept": "An unsaved draft is offered again",
        "question": "A question before a deletion",
        "drafts": "Drafts",
    },
    "Account": {
        "sign-up": "Create an account",
        "sign-in": "Sign in",
        "forgot": "A forgotten password",
        "mailed": "A link from a mail",
        "settings": "Your profile",
        "account": "Your address, password and second factor",
        "passkeys": "Passkeys",
        "devices": "Devices",
        "keys": "API keys",
        "blocked": "People whom you have blocked",
        "data": "Your data",
    },
    "Moderation": {
        "moderation": "Reported posts and comments",
        "moderation-reports": "The reports of one",
        "moderation-remove": "A removal and its reason",
        "moderation-dismissed": "Dismissed reports",
        "moderation-removed": "What was removed",
        "removed-notice": "The author is told",
        "removed": "The author keeps a copy",
    },
    "Administration": {
        "admin-people": "People",
        "admin-person": "A person, their sessions and history",
        "admin-reason": "Each act asks for a reason",
        "admin-audit": "The audit trail",
        "admin-events": "Events that could not be delivered",
    },
    "The console of a local stack": {
        "console-processes": "Processes",
        "console-picture": "Services and their calls",
        "console-metrics": "Metrics",
        "console-logs": "Logs of all services",
        "console-mails": "Mails",
        "console-statements": "The slowest statements",
        "console-traces": "Traces",
        "console-trace": "A trace",
    },
}
"""The views by group: the name in the tests, and what it shows."""
LOOKED_AT: Final = re.compile(r'looks\.look\(\s*\w+, "([a-z-]+)"')
HEAD: Final = """<!-- folder: only with posts -->
<!-- made by `make screens`; do not edit -->
# All views

Each view on a desktop, light and dark, and on a phone. The tests that take these pictures also search each view for
faults of accessibility with axe-core.
"""


def page() -> str:
    """The text of docs/screens/index.md."""
    parts = [HEAD]
    for group, views in VIEWS.items():
        parts.append(f"## {group}\n")
        for name, shown in views.items():
            pictures = " ".join(f"![{shown}: {kind.replace('-', ', ')}]({name}-{kind}.webp)" for kind in KINDS)
            parts.append(f"### {shown}\n\n{pictures}\n")
    return "\n".join(parts)


def write() -> str | None:
    """Make the pictures and the page; returns what is missing."""
    from PIL import Image  # only here: a large package

    pictures = {f"{name}-{kind}": width for views in VIEWS.values() for name in views for kind, width in KINDS.items()}
    if missing := [name for name in pictures if not (SHOTS / f"{name}.png").exists()]:
        return f"no screenshots of {', '.join(missing)}: make screens"
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    for name, width in pictures.items():
        with Image.open(SHOTS / f"{name}.png") as picture:
            small = picture.convert("RGB").resize((width, round(picture.height * width / picture.width)))
            small.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)
    (FOLDER / "index.md").write_text(page(), encoding="utf-8")
    return None


def complaints(tests: Path = PAGE_TESTS) -> list[str]:
    """Find views that the tests look at and that have no picture, and pictures without a view."""
    text = "".join(path.read_text(encoding="utf-8") for path in tests.glob("test_*.py"))
    named = {name for views in VIEWS.values() for name in views}
    wanted = {f"{name}-{kind}.webp" for name in named for kind in KINDS}
    found = {path.name for path in FOLDER.glob("*.webp")}
    looked_at = set(LOOKED_AT.findall(text))
    return [
        *(f"{name}: the tests look at it, and nothing shows it" for name in sorted(looked_at - named)),
        *(f"{name}: no test looks at it" for name in sorted(named - looked_at)),
        *(f"docs/screens/{name} is missing: make screens" for name in sorted(wanted - found)),
        *(f"docs/screens/{name} shows no view: make screens" for name in sorted(found - wanted)),
    ]
