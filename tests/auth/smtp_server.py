"""A mail server on loopback with configured answers."""

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from deploy.local.ports import free_port
from tests.auth.mails import Mail


@dataclass
class MailServer:
    """`answers` replaces its answers to commands, `of` only those for one recipient."""

    answers: dict[str, str] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    port: int = field(default_factory=free_port)
    mails: list[Mail] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    """The names in clients' EHLO."""
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> "MailServer":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname="mail.test", authenticator=self._let_in, **{"enable_SMTPUTF8": True, **self.options})

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _let_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, login: Any) -> AuthResult:
        self.signed_in.append((login.login, login.password))
        return AuthResult(success=login.password == b"the mail password")

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.named.append(str(session.host_name))
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.tried[address] += 1
        answer = self.of.get(address) or self.answers.get("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(Mail.read(envelope.content))
            self.envelopes.append((str(envelope.mail_from), envelope.rcpt_tos))
        await asyncio.sleep(self.slow)
        return answer
