"""posts' retention rules."""

from typing import Final

from common.retention import Retention
from posts.services.ports import UnitOfWork

RETENTION: Final[Retention[UnitOfWork]] = Retention(
    batch=500,
    rules={
        "unused tags": lambda work, most: work.tags.forget_unused(most),
        "dismissed reports": lambda work, most: work.cases.forget(most),
        "removed posts and comments": lambda work, most: work.removals.forget(most),
    },
)
