"""Targets of auth's outbox that are not services: mails, and auth's own requests for mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from auth.services.mail.events import MailData, MailWantedData
from auth.services.mail.rendering import MailDelayed, MailRefused, MailRenderer, MailSender
from auth.services.mail.requests import MailRequests
from auth.services.mail.sending import Kind
from auth.services.one_time_tokens import Purpose
from common.errors import DependencyUnavailable, DomainError
from common.events.inbox import parse_event
from common.state_events import Delivery, StateEvent

log = structlog.get_logger()

DONE: Final = Delivery(204)
REFUSED: Final = 422
"""The relay tries it five times, then parks it."""
DELAYED: Final = 500
"""The relay repeats it with growing pauses, and goes on with others."""


@dataclass(frozen=True, slots=True)
class MailTarget:
    """`common.events.relay.Target` for mails, one at a time."""

    renderer: MailRenderer
    sender: MailSender

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        for told in events:
            try:
                await self._send(told)
            except (MailRefused, DomainError, ValueError) as error:  # ValueError: not a letter that can be written
                log.warning("mail refused", mail=told.subject, reason=reason(error))
                return Delivery(REFUSED, reason(error))
            except MailDelayed as error:
                log.info("mail delayed", mail=told.subject, reason=reason(error))
                return Delivery(DELAYED, reason(error))
            except DependencyUnavailable as error:
                log.warning("mail server unavailable; mails wait", reason=str(error))
                raise
        return DONE

    async def _send(self, told: StateEvent) -> None:
        event = parse_event(told, MailData)
        (mail_id,) = event.key
        if not isinstance(event.data, MailData) or not isinstance(mail_id, UUID):
            raise TypeError(told.subject)
        mail = await self.renderer.render(mail_id, event.data, told.occurred_at)
        if mail is None:
            log.info("mail not sent: its link is no longer valid", mail=told.subject)
        else:
            await self.sender.deliver(mail)


def reason(error: Exception) -> str:
    """Only our own text: that of other errors may repeat an address."""
    return str(error) if isinstance(error, MailRefused | MailDelayed) else type(error).__name__


@dataclass(frozen=True, slots=True)
class MailRequestTarget:
    """`common.events.relay.Target` for requests for mails."""

    requests: MailRequests

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        try:
            wanted = [understood(told) for told in events]
        except (DomainError, ValueError) as error:
            # Checked before any is handled: the relay then sends each alone, and parks the bad one.
            log.warning("mail request refused", first=events[0].subject, requests=len(events), reason=reason(error))
            return Delivery(REFUSED, reason(error))
        await self.requests.answer(wanted)
        return DONE


def understood(told: StateEvent) -> MailWantedData:
    """Raises BadEvent or ValueError, such as for a purpose of a later release."""
    data = parse_event(told, MailWantedData).data
    if not isinstance(data, MailWantedData):
        raise TypeError(told.subject)
    if data.purpose != Kind.sign_in_code:
        Purpose(data.purpose)
    return data
