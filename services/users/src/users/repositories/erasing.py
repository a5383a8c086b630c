"""Erasure of an account's data in users, in small steps (`common.events.erasure`). Deletes its edges.

The profile was deleted at once. People at the other end are locked first, in ascending order of ids, as in
`services.graph`; then their counters are reduced. Each statement runs alone, so that it sees the commits of those that
it waited for.
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
    text("DELETE FROM authored WHERE id = :account RETURNING id"),  # only with posts
    text(f"DELETE FROM outbox WHERE type = 'profile' AND subject = 'profile:' || {AS_TEXT} RETURNING type"),  # noqa: S608
]


def edges(table: str, mine: str, others: str, count: str | None = None) -> Step:
    """Deletes an account's edges, also ended ones. `count` is the counter of the others' profiles."""
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
    """Delete rows that came meanwhile: a profile that was being created when the account was deleted."""
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
