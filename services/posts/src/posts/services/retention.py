"""posts' retention rules."""

from typing import Final

from common.retention import Retention
from posts.services.ports import UnitOfWork


async def forget_erased(work: UnitOfWork, most: int) -> int:
    """Complete erasures that a process of the release before has ended: it knew neither reports nor copies."""
    return max(await work.cases.forget_erased(most), await work.removals.forget_erased(most))


RETENTION: Final[Retention[UnitOfWork]] = Retention(
    batch=500,
    rules={
        "unused tags": lambda work, most: work.tags.forget_unused(most),
        "dismissed reports": lambda work, most: work.cases.forget(most),
        "removed posts and comments": lambda work, most: work.removals.forget(most),
        "reports and copies of the erased": forget_erased,
    },
)
