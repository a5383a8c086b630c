"""`python -m deploy.seed [SIZE]`: fill the running local stack (of this LOCAL_DIR) with people and SIZE posts."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import asyncpg

from auth.services.passwords.hashing import Argon2
from deploy.local.errors import StackError
from deploy.local.stack import GATEWAY, POSTGRES, Stack
from deploy.local.state import read_state
from deploy.seed.tables import KINDS, AlreadySeeded, Connection, Databases, fill
from deploy.seed.world import (
    COMMENTS_PER_POST,
    FOLLOWS_PER_PERSON,
    LIKES_PER_POST,
    World,
)
from deploy.services import DATABASES

DEFAULT = 20_000
MOST = 1_000_000
SEED = 7
PASSWORD = "a seeded passphrase"  # noqa: S105  # printed, for everybody
WIDTH = 40


@dataclass
class Bar:
    """Progress, on one line of a terminal; otherwise a line for each tenth."""

    total: int
    done: int = 0
    shown: int = -1
    started: float = field(default_factory=time.monotonic)

    def __call__(self, rows: int) -> None:
        self.done += rows
        part = min(self.done / self.total, 1)
        steps = 100 if sys.stderr.isatty() else 10
        if (step := int(part * steps)) > self.shown:
            self.shown = step
            bar = ("#" * int(part * WIDTH)).ljust(WIDTH, ".")
            line = f"seed | {bar} {part:4.0%}  {self.done:,} rows, {time.monotonic() - self.started:.0f} s"
            sys.stderr.write(f"\r{line}" if sys.stderr.isatty() else f"{line}\n")
            sys.stderr.flush()

    def finish(self) -> None:
        self.total = self.done
        self(0)


def size_of(text: str) -> int:
    """Parse a number of posts: 20000, 20k, 1M.

    Raises:
        StackError: it is no number, or too large.
    """
    factors = {"k": 1_000, "m": 1_000_000}
    digits = text.lower().rstrip("km")
    if not digits.isdigit() or len(text) - len(digits) > 1:
        raise StackError(f"SIZE={text} is no number of posts: 20000, 20k or 1M")
    size = int(digits) * factors.get(text.lower()[-1], 1)
    if not 100 <= size <= MOST:
        raise StackError(f"SIZE={text}: choose 100 to {MOST:,} posts")
    return size


async def connect(stack: Stack, stacked: AsyncExitStack) -> dict[str, Connection]:
    """Connections to the services' databases, as their owners.

    Raises:
        StackError: the stack does not run.
    """
    state = read_state(stack.folder)
    postgres = state.process(POSTGRES) if state and state.running and state.phase == "ready" else None
    if postgres is None:
        raise StackError("the stack does not run: `make start` first")
    found: dict[str, Connection] = {}
    for service in DATABASES:
        password = stack.secret(f"{service}-owner-password")
        found[service] = connection = await asyncpg.connect(
            host="127.0.0.1", port=postgres.port, user=f"{service}_owner", password=password, database=service
        )
        stacked.push_async_callback(connection.close)
    return found


async def seed(stack: Stack, size: int, number: int) -> None:
    """Generate the world and write it.

    Raises:
        StackError: this stack cannot be seeded.
    """
    if os.environ.get("PROFILE") == "production":
        raise StackError("no seeds with PROFILE=production: everybody would know their password")
    async with AsyncExitStack() as stacked:
        connections = await connect(stack, stacked)
        world = World(size, number)
        people = len(world.people)
        rows = size * (3 + LIKES_PER_POST + COMMENTS_PER_POST) + people * (3 + 2 * FOLLOWS_PER_PERSON)
        bar = Bar(rows)
        databases = Databases(connections, bar)
        try:
            await fill(databases, world, await Argon2(1, patience=1).hash(PASSWORD))
        except AlreadySeeded as error:
            raise StackError(f"{error} `make reset` makes room for another one, or choose another SEED") from error
        bar.finish()
        for connection in connections.values():
            own = await connection.fetchval(
                "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables WHERE schemaname = current_schema()"
            )
            await connection.execute(f"VACUUM (ANALYZE) {own}")  # of all tables, PostgreSQL warns of each of its own
        said = ", ".join(f"{databases.counted[table]:,} {kind}" for kind, table in KINDS.items())
        sys.stdout.write(f"\nIn {time.monotonic() - bar.started:.0f} s: {said}.\n")
        sys.stdout.write(f"Sign in at {stack.url(GATEWAY)} as any of them, with the password: {PASSWORD}\n")
        for person in world.people[:3]:
            sys.stdout.write(f"  {person.email}   {person.name}, whom many follow\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.seed", description="A believable world in the local stack.")
    parser.add_argument("size", nargs="?", default=str(DEFAULT), help="how many posts: 20000, 20k, 1M")
    parser.add_argument("--seed", type=int, default=SEED, help="each number gives another world")
    arguments = parser.parse_args()
    try:
        asyncio.run(seed(Stack.from_environment(), size_of(arguments.size), arguments.seed))
    except StackError as error:
        sys.stderr.write(f"seed: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
