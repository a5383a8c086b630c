"""The stores of one transaction of skeleton, in PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncSession

from common.events.erasure import ErasureRepository
from common.events.revocations import RevocationRepository
from skeleton.repositories.members import MemberRepository
from skeleton.services.ports import UnitOfWork


def unit_of_work(session: AsyncSession) -> UnitOfWork:
    return UnitOfWork(
        members=MemberRepository(session),
        revocations=RevocationRepository(session),
        erasures=ErasureRepository(session, "skeleton"),
    )
