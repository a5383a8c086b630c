"""Invalid events (R-14): parked, reported, repaired and sent again, without delay for all others."""

import json
import secrets
import time

import pytest
from httpx import AsyncClient

from tests.system.conftest import Person
from tests.system.faults.network.conftest import LinkedStack, until
from tests.system.faults.report import Report

GOOD = {"name": "Mended", "avatar_url": None}
POISON = {
    "not an object": ["Ada"],
    "a field is missing": {"name": "Ada"},
    "10 MiB": {"name": "A" * 10 * 1024 * 1024, "avatar_url": None},
}
WITHIN = 1.0
BUSY = 0.5


@pytest.mark.faults
async def test_poison_is_parked_and_replayed_and_holds_up_nobody(
    linked: LinkedStack, gateway: AsyncClient, people: list[Person], report: Report
) -> None:
    ada = people[0]
    new = await gateway.post("/posts", json={"title": "t", "body": "b"}, headers=ada.headers)

    async def parked() -> float:
        return await linked.shows("users", "outbox_rows", target="posts", state="parked")

    async def seconds_until_told() -> float:
        name = secrets.token_hex(4)
        assert (await gateway.patch("/users/me", json={"name": name}, headers=ada.headers)).status_code == 200

        async def known() -> bool:
            post = await gateway.get(f"/posts/{new.json()['id']}")
            return bool(post.json()["author"]["name"] == name)

        return await until("a change is told", known, 5)

    async with linked.owner("users") as owner:
        add = "INSERT INTO outbox (target, type, subject, version, data) VALUES ('posts', $1, $2, 1, $3)"
        for number, data in enumerate(POISON.values(), start=1):
            await owner.execute(add, "profile", f"profile:{number}", json.dumps(data))
        await owner.execute(add, "horoscope", "horoscope:1", "{}")
        started, delays = time.monotonic(), [await seconds_until_told()]
        while await parked() < len(POISON):
            assert time.monotonic() - started < 30
            delays.append(await seconds_until_told())
        seconds = time.monotonic() - started
        assert max(delays) < WITHIN + BUSY
        set_aside = await owner.fetch("SELECT subject, attempts FROM outbox WHERE parked_at IS NOT NULL ORDER BY 1")
        assert [tuple(row) for row in set_aside] == [(f"profile:{number}", 5) for number in (1, 2, 3)]
        assert await owner.fetchval("SELECT count(*) FROM outbox WHERE type = 'horoscope'") == 0, "ignored over there"
        await owner.execute("UPDATE outbox SET data = $1 WHERE parked_at IS NOT NULL", json.dumps(GOOD))
    assert (await linked.run("users", "outbox", "replay")).startswith("3 ")

    async def all_sent() -> bool:
        return await parked() == 0 and await linked.all_told()

    await until("what was mended is sent", all_sent, 10)
    async with linked.owner("posts") as owner:
        assert await owner.fetchval("SELECT count(*) FROM authors WHERE id IN (1, 2, 3) AND name = 'Mended'") == 3
    report.fault(
        row="R-14",
        fault="events that are not as agreed, or of 10 MiB",
        times=len(POISON),
        recovery_s=seconds,
        seen={"`outbox_rows{state=parked}`": seconds},
        verdict=f"parked after 5 tries; others told within {max(delays):.1f} s",
    )
