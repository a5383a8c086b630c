"""The ends of auth's outbox that are no other service: mails, and what auth asks of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from auth.services.letters import Letters, MailDelayed, MailRefused, PostOffice
from auth.services.mail_requests import MailRequests
from common.errors import DependencyUnavailable, DomainError
from common.events import MailData, MailWantedData, StateEvent
from common.inbox import parse

log = structlog.get_logger()

DONE: Final = 204
REFUSED: Final = 422
"""The relay tries it five times, then parks it."""
DELAYED: Final = 500
"""The relay tries it again and again, with growing pauses, while others go on."""


@dataclass(frozen=True, slots=True)
class OutgoingMails:
    """`common.relay.Target` for mails, one at a time."""

    letters: Letters
    office: PostOffice

    async def tell(self, events: Sequence[StateEvent]) -> int:
        for told in events:
            try:
                await self._send(told)
            except (MailRefused, DomainError, ValueError) as error:  # ValueError: not a letter that can be written
                log.warning("mail refused", mail=told.subject, reason=reason(error))
                return REFUSED
            except MailDelayed as error:
                log.info("mail delayed", mail=told.subject, reason=reason(error))
                return DELAYED
            except DependencyUnavailable as error:
                log.warning("mails wait", reason=str(error))
                raise
        return DONE

    async def _send(self, told: StateEvent) -> None:
        event = parse(told, MailData)
        (mail_id,) = event.key
        if not isinstance(event.data, MailData) or not isinstance(mail_id, UUID):
            raise TypeError(told.subject)
        letter = await self.letters.write(mail_id, event.data, told.occurred_at)
        if letter is None:
            log.info("mail not sent, its link is no longer good", mail=told.subject)
        else:
            await self.office.deliver(letter)


def reason(error: Exception) -> str:
    """Ours only: other errors' words may repeat an address."""
    return str(error) if isinstance(error, MailRefused | MailDelayed) else type(error).__name__


@dataclass(frozen=True, slots=True)
class OwnRequests:
    """`common.relay.Target` for mails that somebody has asked for."""

    requests: MailRequests

    async def tell(self, events: Sequence[StateEvent]) -> int:
        wanted = [parse(told, MailWantedData).data for told in events]
        await self.requests.answer([data for data in wanted if isinstance(data, MailWantedData)])
        return DONE
