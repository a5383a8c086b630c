"""`make mail`: lists the mails of the local stack."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from deploy.local.control import tell
from deploy.local.stack import Stack, shown

MOST = 20
LINK = re.compile(r"https?://\S+/#\S+")


def show(stack: Stack) -> None:
    """Print date, recipient, subject and link of the newest mails, the newest at the bottom."""
    newest = sorted(stack.mail.glob("*.eml"))[-MOST:]
    for path in newest:
        tell(_line(path))
    tell(f"{len(newest)} mails, the newest last; whole ones in {shown(stack.mail)}" if newest else "no mails yet")


def _line(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  # all are, with this policy
    body = message.get_body(["plain"])
    link = LINK.search(body.get_content()) if body else None
    when = f"{message['Date'].datetime:%Y-%m-%d %H:%M:%S}"
    line = f"{when}  {message['To']}  {message['Subject']}"
    return f"{line}\n    {link[0]}" if link else line
