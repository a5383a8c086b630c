"""Everything that a transaction of users can do."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from common.events.erasure import ErasureRepository
from common.events.outbox import OutboxRepository
from common.events.revocations import RevocationRepository
from users.repositories.edges import BLOCKS, FOLLOWS, EdgeRepository
from users.repositories.profiles import ProfileRepository


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """`services.ports.UnitOfWork` on one session."""

    session: AsyncSession

    @property
    def profiles(self) -> ProfileRepository:
        return ProfileRepository(self.session)

    @property
    def follows(self) -> EdgeRepository:
        return EdgeRepository(self.session, FOLLOWS)

    @property
    def blocks(self) -> EdgeRepository:
        return EdgeRepository(self.session, BLOCKS)

    @property
    def revocations(self) -> RevocationRepository:
        return RevocationRepository(self.session)

    @property
    def erasures(self) -> ErasureRepository:
        return ErasureRepository(self.session, "users")

    @property
    def events(self) -> OutboxRepository:
        return OutboxRepository(self.session)
