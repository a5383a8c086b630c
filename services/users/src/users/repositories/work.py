"""Everything that a transaction of users can do."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from common.outbox import OutboxRepository
from common.revocations import RevocationRepository
from users.repositories.follows import FollowRepository
from users.repositories.profiles import ProfileRepository


@dataclass(frozen=True, slots=True)
class SqlWork:
    """`services.ports.Work` on one session."""

    session: AsyncSession

    @property
    def profiles(self) -> ProfileRepository:
        return ProfileRepository(self.session)

    @property
    def follows(self) -> FollowRepository:
        return FollowRepository(self.session)

    @property
    def revocations(self) -> RevocationRepository:
        return RevocationRepository(self.session)

    @property
    def events(self) -> OutboxRepository:
        return OutboxRepository(self.session)
