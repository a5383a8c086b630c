"""The stores of one transaction of posts, in PostgreSQL."""

from sqlalchemy.ext.asyncio import AsyncSession

from common.events.erasure import ErasureRepository
from common.events.outbox import OutboxRepository
from common.events.revocations import RevocationRepository
from posts.repositories.authors import AuthorRepository, StatsRepository
from posts.repositories.cases import CaseRepository
from posts.repositories.comments import CommentRepository
from posts.repositories.edges import EdgeRepository
from posts.repositories.pictures import PostPictures
from posts.repositories.posts import PostRepository
from posts.repositories.removals import RemovalRepository
from posts.repositories.tags import TagRepository
from posts.services.ports import UnitOfWork


def unit_of_work(session: AsyncSession) -> UnitOfWork:
    return UnitOfWork(
        posts=PostRepository(session),
        comments=CommentRepository(session),
        stats=StatsRepository(session),
        tags=TagRepository(session),
        authors=AuthorRepository(session),
        edges=EdgeRepository(session),
        cases=CaseRepository(session),
        removals=RemovalRepository(session),
        pictures=PostPictures(session),
        events=OutboxRepository(session),
        revocations=RevocationRepository(session),
        erasures=ErasureRepository(session, "posts"),
    )
