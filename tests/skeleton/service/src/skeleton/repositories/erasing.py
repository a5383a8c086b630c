"""Erasure of an account's data in skeleton, in small steps (`common.events.erasure`)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from common.db.database import Executor
from common.events.erasure import Step
from common.events.read_models import ReadModelTable
from skeleton.models import Erased

LEAVE: Final = text("DELETE FROM members WHERE id = :account RETURNING id")


async def leave(session: Executor, account_id: int) -> bool:
    return bool((await session.execute(LEAVE, {"account": account_id})).all())


KNOWN_ERASED: Final = ReadModelTable((Erased.account_id,), Erased.version, owned_here=True)
STEPS: Final[Sequence[Step]] = [leave]
