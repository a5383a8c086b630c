"""Sends mails by SMTP."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Final

import structlog
from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from auth.clients.messages import Mailbox, compose
from auth.services.mail.rendering import MailDelayed, MailRefused, RenderedMail
from common.errors import DependencyUnavailable

log = structlog.get_logger()

CONNECTING: Final = 40.0
SENDING: Final = 60.0
"""Seconds in total, shorter than the lease of a mail's row (`auth.deps`), so that no two relays send the same mail."""
GOODBYE: Final = 2.0
CLOSING: Final = 421
"""The server closes the connection; it may answer so to any command (RFC 5321, section 3.8)."""


class MailServerAway(DependencyUnavailable):
    """The server cannot be reached, does not let us in, or accepts no mail from us."""

    code = "mail-server-unavailable"


@dataclass(frozen=True, slots=True)
class MailServer:
    """`MailSender` over SMTP: one connection per mail, TLS as configured and never less."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    starttls: bool
    username: str | None
    password: str | None
    ehlo_name: str
    """The library's default is the machine's name, which may be `localhost`: strict servers refuse that."""
    sender_name: str
    sender: Mailbox
    timeout: timedelta
    """For each step: connecting, and each answer."""

    async def deliver(self, mail: RenderedMail) -> None:
        message = compose(mail, self.sender_name, self.sender)
        server = self._server()
        try:
            async with asyncio.timeout(CONNECTING):
                await server.connect()  # greeting, TLS and sign-in included
            await send(server, message, str(self.sender), str(Mailbox.of(mail.to)))
            with contextlib.suppress(SMTPException, OSError):  # the mail is delivered
                await server.quit(timeout=GOODBYE)
        except (SMTPException, OSError) as error:
            raise MailServerAway(f"The mail server failed: {name(error)}") from error
        finally:
            server.close()

    def _server(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=self.ehlo_name,
            timeout=self.timeout.total_seconds(),
            use_tls=self.tls is not None and not self.starttls,
            start_tls=self.starttls,
            tls_context=self.tls,
            username=self.username,
            password=self.password,
        )


async def send(server: SMTP, message: EmailMessage, sender: str, recipient: str) -> None:
    """Distinguish errors of this mail from errors of the server.

    A server that stops answering during a mail may have accepted it. So the pauses before its next attempt grow: each
    attempt may deliver another copy.
    """
    try:
        async with asyncio.timeout(SENDING):
            await server.send_message(message, sender=sender, recipients=[recipient])
    except SMTPSenderRefused:
        raise
    except SMTPNotSupported as error:  # an address that is not ASCII
        raise MailRefused("the server has no SMTPUTF8; SMTP_UTF8=false refuses such addresses at sign-up") from error
    except SMTPRecipientsRefused as error:
        raise refusal(error.recipients[0]) from error
    except SMTPDataError as error:
        raise refusal(error) from error
    except (SMTPException, OSError) as error:
        raise MailDelayed(name(error)) from error


def refusal(answer: SMTPResponseException) -> Exception:
    if answer.code == CLOSING:
        return answer
    return (MailRefused if answer.code >= 500 else MailDelayed)(f"SMTP {answer.code}")


def name(error: BaseException) -> str:
    """The error without the server's text, which may repeat the address."""
    code = f" {error.code}" if isinstance(error, SMTPResponseException) else ""
    cause = f" by {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{type(error).__name__}{code}{cause}"
