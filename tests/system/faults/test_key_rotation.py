# file: only with posts
"""Key rotation under load, and the revocation of a key, with real processes."""

import asyncio

import pytest
from httpx import AsyncClient
from jose import jwt

from tests.system.conftest import LocalStack, Meet, Person
from tests.system.faults.report import Report
from tests.system.load import Load
from tests.system.test_revocation import refused_everywhere_after, statuses


@pytest.mark.faults
async def test_three_rotations_under_load_cost_no_request_and_a_revoked_key_is_refused_within_a_minute(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, report: Report
) -> None:
    """S-20, S-21"""

    async def keys(*words: str) -> str:
        done = await asyncio.to_thread(local_stack.run, "run", "auth", "keys", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    people: list[Person] = [await meet(f"Person {number}") for number in range(5)]
    load = Load(local_stack.url, 1.0)
    async with load.on(people):
        for _ in range(3):
            await keys("rotate", "--now")
            await asyncio.sleep(1.5)
    assert load.failed == []
    assert len(load.outcomes) > 100
    assert await statuses(gateway, people[0].tokens["access_token"]) == {200}, "signed before the rotations"

    victim = await meet("Victim")
    kid = jwt.get_unverified_header(victim.tokens["access_token"])["kid"]
    seconds = await refused_everywhere_after(gateway, victim.tokens["access_token"], lambda: keys("revoke", str(kid)))
    assert seconds < 60
    renewed = await gateway.post(
        "/auth/token", data={"grant_type": "refresh_token", "refresh_token": victim.tokens["refresh_token"]}
    )
    assert await statuses(gateway, renewed.json()["access_token"]) == {200}
    report.fault(row="S-20", fault="keys rotated under load", times=3)
    report.fault(row="S-21", fault="a key revoked: refused everywhere", recovery_s=seconds)
