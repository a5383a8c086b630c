"""Open-loop load on a stack, and what became of each request (the load W of reliability.md).

Keep-alive connections, no retries by the client: whatever goes wrong is seen. 60 % reads, 15 % new posts, 10 % profile
edits, 10 % refreshes, 5 % sign-ins; and uploads that take seconds, beside them.
"""

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.system.conftest import Person

RATE = 50.0
MIX = (
    "read", "read", "write", "read", "edit", "read", "read", "refresh", "read", "read",
    "read", "write", "read", "edit", "sign_in", "read", "refresh", "read", "write", "read",
)  # fmt: skip
SLOW_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request; `reason` is empty when it was answered as it should be."""

    kind: str
    at: float
    seconds: float
    reason: str


@dataclass
class Load:
    """Sends requests for as long as the block runs: `async with load.on(people): …`."""

    url: str
    slow_s: float
    outcomes: list[Outcome] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    """The titles of all posts that were answered with 201."""

    @asynccontextmanager
    async def on(self, people: "Sequence[Person]") -> "AsyncIterator[None]":
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60)
        async with httpx.AsyncClient(base_url=self.url, timeout=15, limits=limits, trust_env=False) as client:
            users = Users(self, client, people)
            sending = asyncio.create_task(self.send(users))
            try:
                yield
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                await asyncio.gather(*users.under_way)

    async def send(self, users: "Users") -> None:
        """At the rate, whatever the answers take."""
        begun = time.monotonic()
        slow_due = begun
        for number in itertools.count():
            due = begun + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            users.begin(MIX[number % len(MIX)], number)
            if due >= slow_due:
                users.begin("slow", number)
                slow_due += SLOW_EVERY

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.reason]

    def figures(self) -> dict[str, Any]:
        """For people: counts, and milliseconds."""
        quick = [outcome.seconds * 1000 for outcome in self.outcomes if outcome.kind != "slow"]
        cuts = statistics.quantiles(quick, n=100)
        return {
            "requests": len(self.outcomes),
            "slow": len(self.outcomes) - len(quick),
            "failed": len(self.failed),
            "p50_ms": round(cuts[49], 1),
            "p99_ms": round(cuts[98], 1),
            "max_ms": round(max(quick), 1),
        }


class Users:
    """The people whose requests these are."""

    def __init__(self, load: Load, client: httpx.AsyncClient, people: "Sequence[Person]") -> None:
        self.load, self.client, self.people = load, client, people
        self.under_way: set[asyncio.Task[None]] = set()
        self.sessions: asyncio.Queue[str] = asyncio.Queue()
        for person in people:
            self.sessions.put_nowait(person.tokens["refresh_token"])

    def begin(self, kind: str, number: int) -> None:
        kinds: dict[str, Callable[[int], Awaitable[str]]] = {
            "read": self.read, "write": self.write, "edit": self.edit, "refresh": self.refresh,
            "sign_in": self.sign_in, "slow": self.slow,
        }  # fmt: skip
        task = asyncio.create_task(self.watch(kind, kinds[kind](number)))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def watch(self, kind: str, request: Awaitable[str]) -> None:
        begun = time.monotonic()
        try:
            reason = await request
        except (httpx.HTTPError, OSError, EOFError) as error:
            reason = repr(error)
        self.load.outcomes.append(Outcome(kind, begun, time.monotonic() - begun, reason))

    def person(self, number: int) -> "Person":
        return self.people[number % len(self.people)]

    async def read(self, number: int) -> str:
        person = self.person(number)
        paths = ("/posts?limit=5", f"/users/{person.id}", f"/posts?author_id={person.id}&limit=2", "/users/me")
        return said(await self.client.get(paths[number % len(paths)], headers=person.headers), 200)

    async def write(self, number: int) -> str:
        title, person = f"post {number}", self.person(number)
        headers = {**person.headers, "Idempotency-Key": f"post-{number}"}
        answer = await self.client.post("/posts", json={"title": title, "body": "b"}, headers=headers)
        if answer.status_code == 201:
            self.load.stored.append(title)
        return said(answer, 201)

    async def edit(self, number: int) -> str:
        body = {"bio": f"as of {number}"}
        return said(await self.client.patch("/users/me", json=body, headers=self.person(number).headers), 200)

    async def refresh(self, _: int) -> str:
        token = await self.sessions.get()
        answer = await self.client.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})
        if answer.status_code == 200:
            self.sessions.put_nowait(answer.json()["refresh_token"])
        return said(answer, 200)

    async def sign_in(self, number: int) -> str:
        person = self.person(number)
        form = {"username": person.email, "password": person.password}
        return said(await self.client.post("/auth/token", data=form), 200)

    async def slow(self, number: int) -> str:
        """A new post whose body takes its time on the way; by hand, as httpx sends a body at once."""
        title, person = f"slow post {number}", self.person(number)
        body = json.dumps({"title": title, "body": "b" * 40}).encode()
        address = urlsplit(self.load.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            head = f"POST /posts HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {person.headers['Authorization']}"
            head += f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            for part in range(0, len(body), 10):
                writer.write(body[part : part + 10])
                await writer.drain()
                await asyncio.sleep(self.load.slow_s * 10 / len(body))
            status = (await reader.readline()).split(b" ")
            answer = await reader.read()
        finally:
            writer.close()
        if status[1:2] == [b"201"]:
            self.load.stored.append(title)
            return ""
        return (b" ".join(status) + answer).decode(errors="replace") or "no answer"


def said(answer: httpx.Response, wanted: int) -> str:
    """Nothing if it is as it should be."""
    return "" if answer.status_code == wanted else f"{answer.status_code} {answer.text[:200]}"
