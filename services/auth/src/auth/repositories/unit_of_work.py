"""Everything that a transaction of auth can do."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from auth.repositories.accounts import AccountRepository
from auth.repositories.audit import AuditRepository
from auth.repositories.clients import ClientRepository
from auth.repositories.deletions import DeletionRepository
from auth.repositories.keys import KeyRepository
from auth.repositories.mail_counts import MailCountRepository
from auth.repositories.managed_accounts import ManagedAccountRepository
from auth.repositories.one_time_tokens import OneTimeTokenRepository
from auth.repositories.sessions import Lifetimes, SessionRepository
from auth.repositories.throttle import ThrottleRepository
from common.events.outbox import OutboxRepository
from common.events.revocations import RevocationRepository


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """`services.ports.UnitOfWork` on one session."""

    session: AsyncSession
    lifetimes: Lifetimes

    @property
    def accounts(self) -> AccountRepository:
        return AccountRepository(self.session)

    @property
    def managed_accounts(self) -> ManagedAccountRepository:
        return ManagedAccountRepository(self.session)

    @property
    def sessions(self) -> SessionRepository:
        return SessionRepository(self.session, self.lifetimes)

    @property
    def throttle(self) -> ThrottleRepository:
        return ThrottleRepository(self.session)

    @property
    def deletions(self) -> DeletionRepository:
        return DeletionRepository(self.session)

    @property
    def keys(self) -> KeyRepository:
        return KeyRepository(self.session)

    @property
    def events(self) -> OutboxRepository:
        return OutboxRepository(self.session)

    @property
    def revocations(self) -> RevocationRepository:
        return RevocationRepository(self.session)

    @property
    def audit(self) -> AuditRepository:
        return AuditRepository(self.session)

    @property
    def clients(self) -> ClientRepository:
        return ClientRepository(self.session)

    @property
    def one_time_tokens(self) -> OneTimeTokenRepository:
        return OneTimeTokenRepository(self.session)

    @property
    def mail_counts(self) -> MailCountRepository:
        return MailCountRepository(self.session)
