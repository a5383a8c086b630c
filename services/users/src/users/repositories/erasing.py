"""How users forgets somebody, in small steps (`common.events.erasure`). The profile went at once; here go its edges.

Who is at the other end is locked first, in ascending order of the ids, as in `services.graph`, and has one follower, or
one whom they follow, less. Each statement stands alone, so that it sees what those who were waited for have left.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from common.db.database import Executor
from common.events.erasure import Step
from common.events.read_models import ReadModelTable
from users.models import Erased
from users.repositories.profiles import LOCK

MANY: Final = 200
AS_TEXT: Final = "CAST(CAST(:account AS bigint) AS text)"
REST: Final = [
    text("DELETE FROM profiles WHERE id = :account RETURNING id"),
    text("DELETE FROM authored WHERE id = :account RETURNING id"),
    text(f"DELETE FROM outbox WHERE type = 'profile' AND subject = 'profile:' || {AS_TEXT} RETURNING type"),  # noqa: S608
]


def edges(table: str, mine: str, others: str, count: str | None = None) -> Step:
    """Removes the edges from or to somebody, also ended ones; `count` is what the others' profiles count them by."""
    found = text(f"SELECT {others} FROM {table} WHERE {mine} = :account ORDER BY {others} LIMIT :most")  # noqa: S608
    these = f"{mine} = :account AND {others} = ANY (:ids)"
    remove = text(f"DELETE FROM {table} WHERE {these} RETURNING {others} AS other, active")  # noqa: S608
    uncount = text(f"UPDATE profiles SET {count} = {count} - 1 WHERE id = ANY (:ids)")  # noqa: S608

    async def step(session: Executor, account_id: int) -> bool:
        params: dict[str, Any] = {"account": account_id, "most": MANY}
        ids = (await session.execute(found, params)).scalars().all()
        await session.execute(LOCK, {"ids": ids})
        gone = (await session.execute(remove, {"account": account_id, "ids": ids})).all()
        if count is not None:
            await session.execute(uncount, {"ids": [edge.other for edge in gone if edge.active]})
        return bool(gone)

    return step


async def erase_rest(session: Executor, account_id: int) -> bool:
    """What came in between: a profile that was being made when the account was deleted."""
    for statement in REST:
        await session.execute(statement, {"account": account_id})
    return False


KNOWN_ERASED: Final = ReadModelTable((Erased.account_id,), Erased.version, owned_here=True)
STEPS: Final[Sequence[Step]] = [
    edges("follows", "follower_id", "followee_id", "followers_count"),
    edges("follows", "followee_id", "follower_id", "following_count"),
    edges("blocks", "blocker_id", "blocked_id"),
    edges("blocks", "blocked_id", "blocker_id"),
    erase_rest,
]
