"""Reads the mails that an app has written to MAIL_DIR."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path

from fastapi import FastAPI

LINK = re.compile(r"(\S+)/#([a-z-]+)=([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str
    html: str
    message: EmailMessage

    @property
    def token(self) -> str:
        match = LINK.search(self.text)
        assert match, self.text
        return match[3]

    @classmethod
    @cache  # tests look at the same mails again and again
    def read(cls, raw: bytes) -> "Mail":
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        parts = [message.get_body([form]) for form in ("plain", "html")]
        text, html = (part.get_content() if part else "" for part in parts)
        return cls(message["To"], message["Subject"], text, html, message)


async def relay(app: FastAPI, *channels: str) -> None:
    """Handle auth's own events in its outbox, then send the mails."""
    for name in channels or ("auth", "smtp"):
        channel = app.state.relay.channels[name]
        while await app.state.relay.step(name, channel):
            assert channel.failures == 0


async def mails(app: FastAPI, to: str) -> list[Mail]:
    """All mails to an address so far, the oldest first."""
    await relay(app)
    return [mail for mail in in_folder(app.state.settings.mail_dir) if mail.to == to]


def in_folder(folder: Path) -> list[Mail]:
    return [Mail.read(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


async def newest(app: FastAPI, to: str) -> Mail:
    return (await mails(app, to))[-1]
