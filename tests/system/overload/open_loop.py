"""Open-loop load: a fixed rate of requests, independent of earlier answers (like wrk2).

Times start when a request is due, so a stall of the server counts for all requests that were due meanwhile. It runs in
a separate process: `await load(base, 10, [Flow("reads", 500, [request("/posts/1")])])`.
"""

import asyncio
import multiprocessing
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlsplit

import uvloop

PATIENCE: Final = 3.0
"""Seconds until a client gives up."""
MOST_CONNECTIONS: Final = 3_000
TICK: Final = 0.001
LOOK_EVERY: Final = 0.05
"""Seconds between checks for timed-out clients."""
GOOD_WITHIN: Final = 1.0
"""Seconds: a later answer is useless (R-17)."""
LOST: Final = 0
"""The status of a request without an answer."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests of one kind at a rate per second, in rotation."""

    name: str
    rate: float
    requests: Sequence[bytes]


@dataclass(slots=True)
class Answers:
    """A flow's results: status and seconds of each request, in the order of their ends."""

    seconds: float
    statuses: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statuses)

    def good(self) -> int:
        return sum(
            status // 100 in {2, 3} and spent <= GOOD_WITHIN
            for status, spent in zip(self.statuses, self.times, strict=True)
        )

    def goodput(self) -> float:
        """Good answers a second."""
        return self.good() / self.seconds

    def share(self) -> float:
        """The share of good answers."""
        return self.good() / len(self) if self.statuses else 0.0

    def at(self, share: float, *kinds: int) -> float:
        """The percentile, in milliseconds, of answers of these kinds (2 for 2xx)."""
        found = sorted(
            spent
            for status, spent in zip(self.statuses, self.times, strict=True)
            if not kinds or status // 100 in kinds
        )
        return found[min(len(found) - 1, int(len(found) * share))] * 1000 if found else 0.0

    def __str__(self) -> str:
        """A summary in one line."""
        served = f"{self.goodput():.0f}/s good, 2xx p50 {self.at(0.5, 2):.0f}, p99 {self.at(0.99, 2):.0f} ms"
        return f"{served}; 5xx p95 {self.at(0.95, 5):.0f} ms; {self.counts()}"

    def counts(self) -> dict[int, int]:
        return {status: self.statuses.count(status) for status in sorted(set(self.statuses))}


def request(path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, generator: "Generator") -> None:
        self.generator = generator
        self.answers: Answers | None = None
        self.due = 0.0
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def begin(self, answers: Answers, due: float, content: bytes) -> None:
        self.answers, self.due, self.received = answers, due, b""
        self.transport.write(content)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0 or self.answers is None:
            return
        head = self.received[:end].lower()
        place = head.find(b"\r\ncontent-length:")
        length = int(head[place + 17 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self.received) >= end + 4 + length:
            self.ended(int(head[9:12]))
            if b"\r\nconnection: close" in head:
                self.transport.close()
            else:
                self.generator.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.generator.open -= 1
        if self.answers is not None:
            self.ended(LOST)

    def ended(self, status: int) -> None:
        assert self.answers is not None
        self.answers.statuses.append(status)
        self.answers.times.append(time.perf_counter() - self.due)
        self.answers = None
        self.generator.under_way.discard(self)


class Generator:
    """Sends flows to one server."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self.host, self.port = address.hostname or "", address.port or 80
        self.idle: deque[Connection] = deque()
        self.under_way: set[Connection] = set()
        self.waiting: deque[tuple[Answers, float, bytes]] = deque()
        self.connecting: set[asyncio.Task[None]] = set()
        self.open = 0
        self.looked_at = 0.0

    async def run(self, seconds: float, flows: Sequence[Flow]) -> dict[str, Answers]:
        answers = {flow.name: Answers(seconds) for flow in flows}
        sent = dict.fromkeys(answers, 0)
        started = time.perf_counter()
        while (now := time.perf_counter() - started) < seconds:
            for flow in flows:
                while sent[flow.name] < now * flow.rate:
                    number = sent[flow.name]
                    due = started + number / flow.rate
                    self.waiting.append((answers[flow.name], due, flow.requests[number % len(flow.requests)]))
                    sent[flow.name] += 1
            self.send()
            self.give_up()
            await asyncio.sleep(TICK)
        while self.under_way or self.waiting:
            self.send()
            self.give_up()
            await asyncio.sleep(TICK)
        return answers

    def send(self) -> None:
        while self.waiting:
            while self.idle and self.idle[-1].transport.is_closing():
                self.idle.pop()
            if not self.idle:
                for _ in range(min(len(self.waiting) - len(self.connecting), MOST_CONNECTIONS - self.open)):
                    self.open += 1
                    connecting = asyncio.create_task(self.connect())
                    self.connecting.add(connecting)
                    connecting.add_done_callback(self.connecting.discard)
                return
            connection = self.idle.pop()
            self.under_way.add(connection)
            connection.begin(*self.waiting.popleft())

    async def connect(self) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), self.host, self.port
            )
        except OSError:
            self.open -= 1
        else:
            self.idle.append(connection)
            self.send()

    def give_up(self) -> None:
        now = time.perf_counter()
        if now - self.looked_at < LOOK_EVERY:
            return
        self.looked_at, late = now, now - PATIENCE
        while self.waiting and self.waiting[0][1] < late:
            answers, due, _ = self.waiting.popleft()
            answers.statuses.append(LOST)
            answers.times.append(now - due)
        for connection in [connection for connection in self.under_way if connection.due < late]:
            connection.ended(LOST)
            connection.transport.abort()


def in_this_process(base: str, seconds: float, flows: Sequence[Flow]) -> dict[str, Answers]:
    async def run() -> dict[str, Answers]:
        return await Generator(base).run(seconds, flows)

    return uvloop.run(run())


async def load(base: str, seconds: float, flows: Sequence[Flow]) -> dict[str, Answers]:
    """Results by flow."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere:
        return await asyncio.wrap_future(elsewhere.submit(in_this_process, base, seconds, flows))
