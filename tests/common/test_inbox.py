"""The order in which a batch of events is applied."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from common.events import BlockData, Event, EventData, FollowData, StateEvent
from common.inbox import Apply, Inbox
from tests.peers import event

EVENTS = [event(kind, {"active": True}, 7, other) for kind in ("follow", "block") for other in (9, 8)]


async def test_types_and_subjects_are_applied_in_one_order_however_they_came() -> None:
    """So that two batches with the same rows never wait for each other in a circle."""
    applied: list[tuple[Any, ...]] = []

    def noting(schema: type[EventData]) -> Apply:
        async def note(events: Sequence[Event]) -> None:
            applied.extend((schema.type, *one.key) for one in events)

        return note

    inbox = Inbox({schema: noting(schema) for schema in (FollowData, BlockData)})
    for batch in permutations(EVENTS):
        applied.clear()
        assert await inbox.receive([StateEvent.model_validate(one) for one in batch], "users") == 4
        assert applied == [("follow", 7, 8), ("follow", 7, 9), ("block", 7, 8), ("block", 7, 9)]
