"""Mails as files in a folder, for development; any mail program opens them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from auth.clients.messages import Mailbox, compose
from auth.services.mail.rendering import RenderedMail
from common.errors import DependencyUnavailable


class MailFolderAway(DependencyUnavailable):
    """The folder cannot be written to."""

    code = "mail-folder-unavailable"


@dataclass(frozen=True, slots=True)
class MailFolder:
    """`MailSender` into a folder. The mails hold valid links, so only this user may read them."""

    folder: Path
    sender_name: str
    sender: Mailbox

    async def deliver(self, mail: RenderedMail) -> None:
        content = compose(mail, self.sender_name, self.sender).as_bytes()
        path = self.folder / f"{mail.written_at:%Y%m%dT%H%M%S.%fZ}-{mail.id}.eml"
        try:
            await asyncio.to_thread(write, path, content)
        except OSError as error:
            raise MailFolderAway(f"MAIL_DIR cannot be written to: {error.strerror}") from error


def write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.replace(path)
