"""The stores of one transaction of auth, in PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncSession

from auth.repositories.accounts import AccountRepository
from auth.repositories.audit import AuditRepository
from auth.repositories.clients import ClientRepository
from auth.repositories.deletions import DeletionRepository
from auth.repositories.identities import IdentityRepository
from auth.repositories.keys import KeyRepository
from auth.repositories.mail_counts import MailCountRepository
from auth.repositories.managed_accounts import ManagedAccountRepository
from auth.repositories.one_time_tokens import OneTimeTokenRepository
from auth.repositories.provider_flows import ProviderFlowRepository
from auth.repositories.sessions import Lifetimes, SessionRepository
from auth.repositories.throttle import ThrottleRepository
from auth.services.ports import UnitOfWork
from common.events.outbox import OutboxRepository
from common.events.revocations import RevocationRepository


def unit_of_work(session: AsyncSession, lifetimes: Lifetimes) -> UnitOfWork:
    return UnitOfWork(
        accounts=AccountRepository(session),
        managed_accounts=ManagedAccountRepository(session),
        sessions=SessionRepository(session, lifetimes),
        throttle=ThrottleRepository(session),
        deletions=DeletionRepository(session),
        keys=KeyRepository(session),
        clients=ClientRepository(session),
        events=OutboxRepository(session),
        revocations=RevocationRepository(session),
        audit=AuditRepository(session),
        one_time_tokens=OneTimeTokenRepository(session),
        mail_counts=MailCountRepository(session),
        identities=IdentityRepository(session),
        provider_flows=ProviderFlowRepository(session),
    )
