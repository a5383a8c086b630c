"""Wires the part of auth that sends mails; called by `auth.deps`."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import unquote

from auth.clients.mail_folder import MailFolder
from auth.clients.mail_server import MailServer
from auth.clients.mail_targets import MailRequestTarget, MailTarget
from auth.clients.messages import Mailbox
from auth.config import Settings, given
from auth.services.mail.rendering import MailRenderer, MailSender
from auth.services.mail.requests import MailRequests
from auth.services.mail.templates import Templates
from auth.services.mail_codes.sign_in import CodeMaker
from auth.services.one_time_tokens import OneTimeTokens, Purpose, TokenMaker
from auth.services.ports import UnitOfWork
from common.db.database import TransactionFactory
from common.events.relay import Channel, Target

PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
LEASE: Final = timedelta(seconds=120)
"""Longer than a mail server may take for a mail (`clients.mail_server`)."""
DOUBLINGS: Final = 12
"""How often the pause after a refusal of a mail doubles: up to 14 minutes, which suits full mailboxes."""


def one_time_tokens(settings: Settings) -> OneTimeTokens:
    lifetimes = {
        Purpose.verify_email: settings.verify_email_ttl,
        Purpose.password_reset: settings.password_reset_ttl,
        Purpose.email_change: settings.email_change_ttl,
    }
    return OneTimeTokens(TokenMaker(*given(settings.refresh_key, settings.refresh_key_previous)), lifetimes)


def code_maker(settings: Settings) -> CodeMaker:
    return CodeMaker(*given(settings.refresh_key, settings.refresh_key_previous))


def own_targets(
    settings: Settings, transactions: TransactionFactory[UnitOfWork], tokens: OneTimeTokens, templates: Templates
) -> Mapping[str, Target | Channel]:
    """Targets of auth's outbox other than services. Without a way to send mails, they wait in it."""
    targets: dict[str, Target | Channel] = {"auth": MailRequestTarget(MailRequests(transactions, tokens))}
    sender = mail_sender(settings)
    if sender is not None:
        app_url = settings.app_url or settings.issuer
        renderer = MailRenderer(transactions, tokens, code_maker(settings), templates, app_url)
        targets["smtp"] = Channel(MailTarget(renderer, sender), batch=1, lease=LEASE, doublings=DOUBLINGS)
    return targets


def mail_sender(settings: Settings) -> MailSender | None:
    sender = Mailbox.of(settings.mail_from.email)
    url = settings.smtp_url
    if url is None:
        return MailFolder(settings.mail_dir, settings.mail_from.name, sender) if settings.mail_dir else None
    password = settings.smtp_password
    return MailServer(
        host=(url.host or "").strip("[]"),
        port=url.port or PORTS[url.scheme],
        tls=None if url.scheme == "smtp" else ssl.create_default_context(),
        starttls=url.scheme == "smtp+starttls",
        username=unquote(url.username) if url.username else None,
        password=password.get_secret_value() if password else None,
        ehlo_name=settings.smtp_ehlo_name or sender.domain,
        sender_name=settings.mail_from.name,
        sender=sender,
        timeout=settings.smtp_timeout,
    )
