# file: only with posts
"""Faults for the processes of a local stack: one at a time, in an order determined by a seed."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final, Literal

from tests.system.conftest import LocalStack

SERVICES: Final = ("auth", "users", "posts-1", "posts-2")
KILLED: Final = (
    *(((name,), "R-02", words) for name, words in (
        ("auth", "auth killed"), ("users", "users killed"), ("posts-1", "one of two posts killed"),
        ("posts-2", "one of two posts killed"), ("gateway", "gateway killed"),
    )),
    (("posts-1", "posts-2"), "R-02", "both posts killed"),
    (SERVICES, "R-02", "all services killed at once"),
    (("postgres",), "R-06", "PostgreSQL killed"),
)  # fmt: skip
STOPPED: Final = ("postgres", "auth", "posts-1", "users", "gateway")


@dataclass(frozen=True, slots=True)
class Deed:
    """One fault."""

    row: str
    words: str
    how: Literal["kill", "stop", "restart"]
    names: Sequence[str]
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        return len(self.names) if self.how == "kill" else 0


def schedule(chance: random.Random, kills: int, stops: int, longest: float) -> list[Deed]:
    """At least `kills` and `stops`, and with every round of kills a restart of PostgreSQL."""
    deeds: list[Deed] = []
    for names, row, words in cycle(KILLED):
        if sum(deed.kills for deed in deeds) >= kills:
            break
        deeds.append(Deed(row, words, "kill", names))
        if names == ("postgres",):
            deeds.append(Deed("R-05", "PostgreSQL restarted (fast)", "restart", names))
    for number, name in enumerate(islice(cycle(STOPPED), stops)):
        seconds = longest if number == 0 else round(chance.uniform(5.0, 9.0), 1)
        words = f"{name.replace('postgres', 'PostgreSQL').replace('posts-1', 'one of two posts')} stopped"
        deeds.append(Deed("R-07", f"{words}, 5 to {longest:.0f} s" if longest > 9 else words, "stop", (name,), seconds))
    chance.shuffle(deeds)
    return deeds


async def perform(deed: Deed, stack: LocalStack) -> float:
    """Cause the fault; returns the moment at which its cause ended."""
    pids = stack.pids()
    match deed.how:
        case "kill":
            for name in deed.names:
                os.kill(pids[name], signal.SIGKILL)
        case "restart":
            os.kill(pids[deed.names[0]], signal.SIGINT)  # PostgreSQL's "fast shutdown"; the runner starts it again
        case "stop":
            await stopped([pid for name in deed.names for pid in family(pids[name])], deed.seconds)
    return time.monotonic()


async def kill_one(stack: LocalStack, names: Iterable[str], chance: random.Random) -> None:
    """Kill one of these; if none runs at the moment, wait until the runner has restarted one."""
    wanted = set(names)
    while True:
        pids = stack.pids()
        if running := sorted(wanted & pids.keys()):
            with contextlib.suppress(ProcessLookupError):  # it has ended already, but the runner has not noticed yet
                os.kill(pids[chance.choice(running)], signal.SIGKILL)
                return
        await asyncio.sleep(0.05)


async def stopped(pids: Sequence[int], seconds: float) -> None:
    """Stop processes (SIGSTOP) for some seconds."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
    finally:
        for pid in reversed(pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def family(pid: int) -> list[int]:
    """A process and its children: PostgreSQL has one for each connection."""
    children = [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[1] == str(pid)
    ]
    return [pid, *children]
