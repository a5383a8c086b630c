"""R-21: restarts under load. `make test-restarts` is the long form: all services, 5 rounds."""

import asyncio
import json
import os
from collections import Counter

from httpx import AsyncClient

from tests.system.conftest import ROOT, LocalStack, Meet, Person
from tests.system.load import Load

ROUNDS = int(os.environ.get("RESTARTS", "1"))
SLOW = 5.0 if ROUNDS > 1 else 2.0
SETTLE = 0.5


async def titles(gateway: AsyncClient, person: Person) -> list[str]:
    """All that somebody has published."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"author_id": str(person.id), "limit": "100", **({"cursor": cursor} if cursor else {})}
        page = (await gateway.get("/posts", params=params)).json()
        found += [post["title"] for post in page["items"]]
        cursor = page["next_cursor"]
    return found


async def test_no_request_fails_while_replicas_are_restarted(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet
) -> None:
    """R-21: no error, no reset; slow uploads are under way all the time; what was stored is there, once."""
    before = local_stack.pids()
    replicated = sorted({name.partition("-")[0] for name in before if "-" in name})
    for service in replicated * ROUNDS:
        people = [await meet(f"Person {number}") for number in range(5)]  # tokens last five minutes
        load = Load(local_stack.url, SLOW)
        async with load.on(people):
            await asyncio.sleep(SETTLE)
            restarted = await asyncio.to_thread(local_stack.run, "restart", service)
            await asyncio.sleep(SETTLE)
        assert restarted.stdout == f"{service}-1 restarted\n{service}-2 restarted\n", restarted.stderr
        note(service, load)
        assert load.failed == []
        stored = Counter([title for person in people for title in await titles(gateway, person)])
        assert stored == Counter(load.stored)
    assert all((before[name] != pid) == ("-" in name) for name, pid in local_stack.pids().items())


def note(service: str, load: Load) -> None:
    """Keep the figures: `.local/restarts.json`, one line per restart."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / "restarts.json").open("a") as file:
        file.write(json.dumps({"service": service, "slow_s": load.slow_s, **load.figures()}) + "\n")
