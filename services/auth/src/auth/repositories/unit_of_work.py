"""The stores of one transaction of auth, in PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncSession

from auth.repositories.accounts import AccountRepository
from auth.repositories.api_keys import ApiKeyRepository
from auth.repositories.audit import AuditRepository
from auth.repositories.clients import ClientRepository
from auth.repositories.deletions import DeletionRepository
from auth.repositories.identities import IdentityRepository
from auth.repositories.keys import KeyRepository
from auth.repositories.mail_counts import MailCountRepository
from auth.repositories.managed_accounts import ManagedAccountRepository
from auth.repositories.one_time_tokens import OneTimeTokenRepository
from auth.repositories.passkeys import PasskeyRepository
from auth.repositories.provider_flows import ProviderFlowRepository
from auth.repositories.second_factors import SecondFactorRepository
from auth.repositories.sessions import Lifetimes, SessionRepository
from auth.repositories.sign_in_challenges import ChallengeRepository
from auth.repositories.sign_in_codes import SignInCodeRepository
from auth.repositories.throttle import ThrottleRepository
from auth.repositories.trusted_devices import TrustedDeviceRepository
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
        sign_in_codes=SignInCodeRepository(session),
        second_factors=SecondFactorRepository(session),
        challenges=ChallengeRepository(session),
        trusted_devices=TrustedDeviceRepository(session),
        api_keys=ApiKeyRepository(session),
        passkeys=PasskeyRepository(session),
        identities=IdentityRepository(session),
        provider_flows=ProviderFlowRepository(session),
    )
