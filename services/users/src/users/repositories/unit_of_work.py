"""The stores of one transaction of users, in PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncSession

from common.events.erasure import ErasureRepository
from common.events.outbox import OutboxRepository
from common.events.revocations import RevocationRepository
from common.pictures.rows import PictureRepository
from users.repositories.authored import AuthoredRepository  # only with posts
from users.repositories.edges import BLOCKS, FOLLOWS, EdgeRepository
from users.repositories.profiles import ProfileRepository
from users.services.ports import UnitOfWork


def unit_of_work(session: AsyncSession) -> UnitOfWork:
    return UnitOfWork(
        profiles=ProfileRepository(session),
        follows=EdgeRepository(session, FOLLOWS),
        blocks=EdgeRepository(session, BLOCKS),
        events=OutboxRepository(session),
        revocations=RevocationRepository(session),
        authored=AuthoredRepository(session),  # only with posts
        pictures=PictureRepository(session),
        erasures=ErasureRepository(session, "users"),
    )
