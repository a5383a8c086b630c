"""Streams of events under bad conditions: duplicate, out of order, late, from several relays at once (R-13)."""

import asyncio
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from httpx import AsyncClient

from common.events.inbox import Inbox
from common.state_events import EventData
from tests.events import Outbox
from tests.peers import Peers, event, revoked

Told = dict[str, Any]
PEOPLE: Final = 12
HISTORIES: Final = 80
"""The number of changes per subject."""
CHANGES: Final = 6
TIMES: Final = 3
WINDOW: Final = 50
LATE: Final = 0.01
UNTIL: Final = datetime.now(UTC) + timedelta(days=1)
PLACES: Final = count(10_000_000, 1_000)
"""The first id of the next people."""


@dataclass(frozen=True)
class History:
    """Events of some people: the same for each seed, whatever their first id."""

    seed: int
    schemas: Sequence[type[EventData]]
    first: int

    def events(self) -> list[Told]:
        """In chronological order, each subject from version 1 on."""
        chance = random.Random(self.seed)
        subjects = {
            (schema, tuple(chance.sample(range(PEOPLE), schema.numbers))): chance.randint(1, CHANGES)
            for schema in [*self.schemas, *chance.choices(self.schemas, k=HISTORIES)]
        }
        turns = [subject for subject, changes in subjects.items() for _ in range(changes)]
        chance.shuffle(turns)
        versions = dict.fromkeys(turns, 0)
        told = []
        for subject in turns:
            versions[subject] += 1
            told.append(self.state(*subject, versions[subject], chance))
        return told

    def state(self, schema: type[EventData], who: Sequence[int], version: int, chance: random.Random) -> Told:
        key = [self.first + number for number in who]
        data: dict[str, Any]
        match schema.type:
            case "session.ended":  # only once
                subject = f"session:{uuid.UUID(int=key[0])}"
                told = event("session", {"until": UNTIL.isoformat()})
                return told | {"type": schema.type, "subject": subject, "id": f"{subject}@1"}
            case "tokens.revoked":
                return revoked(key[0], int(UNTIL.timestamp()) + version)
            case "account":
                data = {"email": f"{who[0]}@{version}.example", "name": f"N{who[0]}", "roles": [], "status": "active"}
            case "profile":
                data = {"name": f"{who[0]} {version}", "avatar_url": chance.choice([None, "https://a.example/1"])}
            case "author":
                data = {"posts_count": chance.randint(0, 99)}
            case _:
                data = {"active": chance.random() < 0.5}
        return event(schema.type, data, *key, version=version)


def abused(events: Sequence[Told], seed: int) -> list[Told]:
    """Each event three times, shuffled within a window, a few after everything else."""
    chance = random.Random(seed)
    stream = [told for told in events for _ in range(TIMES)]
    places = [
        number + chance.uniform(0, WINDOW) + len(stream) * (chance.random() < LATE) for number in range(len(stream))
    ]
    return [stream[number] for number in sorted(range(len(stream)), key=places.__getitem__)]


def batches(events: Sequence[Told], inbox: Inbox, seed: int) -> Iterator[tuple[str, list[Told]]]:
    """Senders with their batches; each sends only its own events."""
    chance, rest = random.Random(seed), list(events)
    owners = {schema.type: schema.owner for schema in inbox.appliers}
    while rest:
        size = chance.randint(1, 30)
        batch, rest = rest[:size], rest[size:]
        for owner in sorted(set(owners.values())):
            if own := [told for told in batch if owners[told["type"]] == owner]:
                yield owner, own


@dataclass(frozen=True)
class Consumer:
    """A service, and named statements that read its state, with the first and last id as parameters."""

    name: str
    client: AsyncClient
    peers: Peers
    outbox: Outbox
    learned: dict[str, str]

    async def tell(self, sender: str, events: Sequence[Told]) -> None:
        headers = self.peers.issuer.service(sender, self.name)
        reply = await self.client.post("/internal/events", json={"events": list(events)}, headers=headers)
        assert reply.status_code == 204, reply.text

    async def knows(self, first: int) -> dict[str, list[tuple[Any, ...]]]:
        found = {name: await self.outbox.rows(sql, first, first + PEOPLE) for name, sql in self.learned.items()}
        return {name: sorted(tuple(row) for row in rows) for name, rows in found.items()}

    async def learns_the_same_from_an_abused_stream(self, inbox: Inbox, seed: int) -> None:
        """Sends the events of two groups of people at a time: one in order, the other under bad conditions."""
        orderly, bad_day = (History(seed, list(inbox.appliers), next(PLACES)) for _ in range(2))
        for sender, batch in batches(orderly.events(), inbox, seed):
            await self.tell(sender, batch)
        stream = list(batches(abused(bad_day.events(), seed), inbox, seed))
        for several in range(0, len(stream), 3):
            await asyncio.gather(*(self.tell(*batch) for batch in stream[several : several + 3]))
        expected = await self.knows(orderly.first)
        assert all(expected.values()), "something to compare in each"
        assert await self.knows(bad_day.first) == expected
