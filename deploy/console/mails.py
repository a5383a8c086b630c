"""The mails of the local stack, which auth writes as files."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Final

from deploy.local.mail import LINK

MOST: Final = 50
IN_A_NEW_TAB: Final = '<base target="_blank">'
"""Links must leave the frame in which a mail is shown."""


def newest(folder: Path) -> list[dict[str, Any]]:
    """The newest mails, the newest first."""
    return [_shown(path) for path in sorted(folder.glob("*.eml"), reverse=True)[:MOST]]


def looks(folder: Path, name: str) -> str | None:
    """A mail's HTML; None if there is no such mail, or only a text."""
    path = next((path for path in folder.glob("*.eml") if path.stem == name), None)
    page = path and _read(path).get_body(["html"])
    return IN_A_NEW_TAB + page.get_content() if page else None


def _shown(path: Path) -> dict[str, Any]:
    message = _read(path)
    body = message.get_body(["plain"])
    text = body.get_content() if body else ""
    return {
        "id": path.stem,
        "time": message["Date"].datetime.timestamp(),
        "to": str(message["To"]),
        "from": str(message["From"]),
        "subject": str(message["Subject"]),
        "text": text,
        "links": LINK.findall(text),
        "html": message.get_body(["html"]) is not None,
    }


def _read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  # all are, with this policy
    return message
