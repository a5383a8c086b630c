# file: only with posts
"""auth is killed while people refresh their tokens: no session ends, and no token has two successors (R-04).

`make faults` has REFRESH_KILLS=12; .ci/run is shorter.
"""

import asyncio
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from httpx import AsyncClient, Response, TransportError

from deploy.local.supervisor import STEADY_AFTER
from tests.system.conftest import LocalStack, Meet, Person
from tests.system.faults.nemesis import kill_one
from tests.system.faults.report import Report
from tests.system.faults.watch import Watch, latest

KILLS = int(os.environ.get("REFRESH_KILLS", "4"))
SEED = int(os.environ.get("SEED", "20261122"))
PEOPLE = 6
PATIENCE = 30.0
IN_A_ROW = 4
"""Kills in a row; then auth runs until the runner counts it as steady, and restarts it without a pause."""
ENOUGH = 3
"""Rotations of a session, so that there is something to replay."""


@dataclass
class Chain:
    """One session: its refresh tokens in order, and every successor ever seen."""

    current: str
    successors: dict[str, set[str]] = field(default_factory=dict)
    unknown: int = 0
    rotations: int = 0

    def follows(self, parent: str, child: str) -> None:
        self.successors.setdefault(parent, set()).add(child)
        self.current = child
        self.rotations += 1


async def refresh(gateway: AsyncClient, token: str) -> Response | None:
    """None if it is unknown whether the token was spent."""
    try:
        reply = await gateway.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})
    except TransportError:
        return None
    return None if reply.status_code in (502, 503, 504) else reply


async def stay_signed_in(
    gateway: AsyncClient, chain: Chain, killing: asyncio.Task[list[float]], chance: random.Random
) -> None:
    """Like a client: the new token after each answer; without an answer the old token again, however late."""
    waiting = False
    while waiting or not killing.done() or len(chain.successors) < ENOUGH:
        waiting = True
        reply = await refresh(gateway, chain.current)
        if reply is None:
            chain.unknown += 1
            await asyncio.sleep(0.1)
            continue
        assert reply.status_code == 200, reply.text
        chain.follows(chain.current, reply.json()["refresh_token"])
        waiting = False
        await asyncio.sleep(chance.uniform(0.0, 0.05))


async def kill_auth(stack: LocalStack, chains: Sequence[Chain], chance: random.Random) -> list[float]:
    """Kill auth each time during rotations. Returns the moments of the kills."""
    kills: list[float] = []
    while len(kills) < KILLS:
        await until_rotations_go_on(chains)
        if len(kills) % IN_A_ROW == IN_A_ROW - 1:
            await asyncio.sleep(STEADY_AFTER)
        await asyncio.sleep(chance.uniform(0.0, 0.5))
        await kill_one(stack, ["auth"], chance)
        kills.append(time.monotonic())
    return kills


async def until_rotations_go_on(chains: Sequence[Chain]) -> None:
    before, began = sum(chain.rotations for chain in chains), time.monotonic()
    while sum(chain.rotations for chain in chains) < before + len(chains):
        assert time.monotonic() - began < PATIENCE, "auth does not come back"
        await asyncio.sleep(0.02)


async def until_seen(watch: Watch, kill: float) -> None:
    """People may all have had an answer just before the last kill; probes still see it."""
    while not {"log", "readiness"} <= watch.seen_since(kill).keys():
        assert time.monotonic() - kill < PATIENCE, "nobody on duty could see it"
        await asyncio.sleep(0.05)


async def answered(gateway: AsyncClient, token: str) -> Response:
    for _ in range(100):
        reply = await refresh(gateway, token)
        if reply is not None:
            return reply
        await asyncio.sleep(0.1)
    raise AssertionError("auth does not come back")


@pytest.mark.faults
async def test_a_kill_amid_rotations_signs_nobody_out_and_makes_no_second_child(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, report: Report
) -> None:
    """R-04"""
    chance = random.Random(SEED)
    people: list[Person] = [await meet(f"Person {number}") for number in range(PEOPLE)]
    thief = await meet("Victim of a thief")
    chains = [Chain(person.tokens["refresh_token"]) for person in people]
    watch = Watch(local_stack)
    async with watch.on():
        killing = asyncio.create_task(kill_auth(local_stack, chains, chance))
        loops = [stay_signed_in(gateway, chain, killing, random.Random(number)) for number, chain in enumerate(chains)]

        stolen = thief.tokens["refresh_token"]
        second = (await answered(gateway, stolen)).json()["refresh_token"]
        third = (await answered(gateway, second)).json()["refresh_token"]
        replayed = await answered(gateway, stolen)
        assert replayed.status_code == 400

        await asyncio.gather(*loops)
        kills = await killing
        await until_seen(watch, kills[-1])
    print(*(f"{len(chain.successors)} rotations, {chain.unknown} lost answers" for chain in chains))
    for chain in chains:
        assert all(len(children) == 1 for children in chain.successors.values()), "two live children"
        spent = list(chain.successors)
        assert (await answered(gateway, chain.current)).status_code == 200
        assert len(spent) > 1
        assert (await answered(gateway, spent[0])).status_code == 400
        assert (await answered(gateway, chain.current)).status_code == 400, "the replay has ended the session"
    assert sum(chain.unknown for chain in chains) > 0, "some answers were lost"
    assert (await answered(gateway, third)).status_code == 400, "an ending that was answered survives kills"
    report.fault(
        row="R-04",
        fault="auth killed amid rotations",
        times=len(kills),
        kills=len(kills),
        seen=latest(watch.seen_since(kill) for kill in kills),
        unknown=sum(chain.unknown for chain in chains),
    )
