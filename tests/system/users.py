# file: only with posts
"""The actions of a load's people, recorded in the ledger."""

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, MutableSequence, Sequence
from typing import Any, Final

import httpx

from tests.system.conftest import Person
from tests.system.ledger import Creation, Ledger, Name, Outcome, Write, judged

GRACE: Final = 9.0
"""Seconds within which a refresh may be repeated, a little less than auth's grace period."""
PATIENCE: Final = 90.0
"""Seconds for which a person retries a refresh."""
PAUSE: Final = 0.2
AT_ONCE: Final = 10
KEPT: Final = frozenset({"retry-after"})
PATHS: Final = ("/posts?limit=5", "/users/{id}", "/posts?author_id={id}&limit=2", "/users/me", "/posts/feed?limit=5")


class Users:
    """The people of a load."""

    def __init__(
        self,
        clients: Mapping[int, httpx.AsyncClient],
        people: Sequence[Person],
        ledger: Ledger,
        outcomes: MutableSequence[Outcome],
        slow_s: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.clients, self.people, self.ledger, self.outcomes, self.slow_s = clients, people, ledger, outcomes, slow_s
        self.tls = tls
        self.under_way: set[asyncio.Task[None]] = set()
        self.errors: list[BaseException] = []
        """Errors of the load generator itself."""
        self.refreshing: set[int] = set()
        self.kinds: dict[str, Callable[[int], Awaitable[None]]] = {
            "read": self.read, "create": self.create, "change": self.change, "refresh": self.refresh,
            "sign_in": self.sign_in, "slow": self.slow,
        }  # fmt: skip

    def begin(self, kind: str, number: int) -> None:
        task = asyncio.create_task(self.perform(kind, number))
        self.under_way.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: asyncio.Task[None]) -> None:
        self.under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.errors.append(error)

    async def perform(self, kind: str, number: int) -> None:
        await self.kinds[kind](number)

    def person(self, number: int) -> Person:
        """Shifted by one in each round of the mix, so that each person does every action."""
        return self.people[self.place(number)]

    def place(self, number: int) -> int:
        return (number + number // ROUND) % len(self.people)

    async def ask(
        self, person: Person, kind: str, wanted: int, method: str, path: str, **request: Any
    ) -> tuple[Write, httpx.Response]:
        """One request; a missing answer has status 0."""
        began = time.monotonic()
        try:
            reply = await self.clients[person.id].request(method, path, **request)
        except httpx.HTTPError as error:
            answer, reason = judged(error, wanted)
            reply = httpx.Response(0)
        else:
            answer, reason = judged(reply, wanted)
        ended = time.monotonic()
        self.outcomes.append(Outcome(kind, began, ended - began, answer, reason))
        return Write(None, began, ended, answer), reply

    async def read(self, number: int) -> None:
        person = self.person(number)
        path = PATHS[number % len(PATHS)].format(id=person.id)
        await self.ask(person, "read", 200, "GET", path, headers=person.headers)

    async def create(self, number: int) -> None:
        """A post, or sometimes a comment on a common post."""
        famous, person = self.ledger.famous(), self.person(number)
        path = f"/posts/{famous[number % len(famous)].id}/comments" if famous and number % 3 == 0 else "/posts"
        await self.make(self.ledger.create(path, f"number {number}", person.id, key=f"key-{number}"))

    async def make(self, one: Creation) -> None:
        author = next(person for person in self.people if person.id == one.author)
        headers = {**author.headers, "Idempotency-Key": one.key}
        done, reply = await self.ask(author, "create", 201, "POST", one.path, json=one.body, headers=headers)
        one.answer, one.said = done.answer, f"{reply.status_code} {reply.text[:200]}"
        if done.answer == "ok":
            one.id = reply.json()["id"]

    async def repeat_unknown(self) -> None:
        """Repeat requests with unknown outcome, with the same key, until it is known."""
        ends_at = time.monotonic() + PATIENCE
        while (unknown := self.ledger.unknown()) and time.monotonic() < ends_at:
            await asyncio.gather(*(self.repeat(one) for one in unknown[:AT_ONCE]))
        assert self.ledger.unknown() == []

    async def repeat(self, one: Creation) -> None:
        await self.make(one)
        if one.answer != "ok":  # this one may be refused, which does not decide the first one
            one.answer = "unknown"
            await asyncio.sleep(PAUSE)

    async def change(self, number: int) -> None:
        """Change a profile, a follow or a like: of few targets, so that many changes are reverted."""
        person, famous = self.person(number), self.ledger.famous()[:FEW]
        other = self.people[(self.place(number) + 1 + number % FEW) % len(self.people)]
        match MIXED[number % len(MIXED)]:
            case "follow" if other is not person:
                await self.toggle(("follow", person.id, other.id), f"/users/{other.id}/follow", person)
            case "like" if famous:
                post = famous[number % len(famous)].id or 0
                await self.toggle(("like", person.id, post), f"/posts/{post}/like", person)
            case _:
                bio = f"as of {number}"
                request = {"json": {"bio": bio}, "headers": person.headers}
                done, _ = await self.ask(person, "change", 200, "PATCH", "/users/me", **request)
                self.note(("bio", person.id, 0), bio, done)

    async def toggle(self, name: Name, path: str, person: Person) -> None:
        on = not (name in self.ledger.writes and self.ledger.writes[name][-1].value)
        done, _ = await self.ask(person, "change", 204, "PUT" if on else "DELETE", path, headers=person.headers)
        self.note(name, on, done)

    def note(self, name: Name, value: object, done: Write) -> None:
        self.ledger.wrote(name, Write(value, done.began, done.ended, done.answer))

    async def refresh(self, number: int) -> None:
        """Like a client: one refresh at a time, and without an answer the same token again."""
        person = next((one for one in self.shifted(number) if one.id not in self.refreshing), None)
        if person is None:
            return  # all of them are refreshing already
        self.refreshing.add(person.id)
        try:
            await self.stay_signed_in(person)
        finally:
            self.refreshing.discard(person.id)

    def shifted(self, number: int) -> Sequence[Person]:
        first = self.place(number)
        return [*self.people[first:], *self.people[:first]]

    async def stay_signed_in(self, person: Person) -> None:
        asked_at = time.monotonic()
        form = {"grant_type": "refresh_token", "refresh_token": person.tokens["refresh_token"]}
        while True:
            done, reply = await self.ask(person, "refresh", 200, "POST", "/auth/token", data=form)
            if done.answer == "ok":
                person.tokens = reply.json()
                return
            if reply.status_code == 400:
                break
            if time.monotonic() - asked_at > PATIENCE:
                return
            await asyncio.sleep(PAUSE)
        if done.ended - asked_at > GRACE:  # such a delayed attempt may have arrived after the successful one
            self.ledger.late += 1
        else:
            self.ledger.signed_out.append(f"{person.name}: {reply.text}")
        await self.sign_in_again(person)

    async def sign_in_again(self, person: Person) -> None:
        form = {"username": person.email, "password": person.password}
        done, reply = await self.ask(person, "sign_in", 200, "POST", "/auth/token", data=form)
        if done.answer == "ok":
            person.tokens = reply.json()

    async def sign_in(self, number: int) -> None:
        person = self.person(number)
        form = {"username": person.email, "password": person.password}
        await self.ask(person, "sign_in", 200, "POST", "/auth/token", data=form)

    async def slow(self, number: int) -> None:
        """A new post with a slow upload, without httpx, which sends a body at once. Without a key."""
        person, began = self.person(number), time.monotonic()
        one = self.ledger.create("/posts", f"slow number {number}", person.id)
        try:
            reply = await self.upload(person, json.dumps(one.body).encode())
            one.answer, one.said = judged(reply, 201)
        except OSError as error:
            one.answer, one.said = "unknown", repr(error)
        else:
            one.id = reply.json()["id"] if one.answer == "ok" else None
        self.outcomes.append(Outcome("slow", began, time.monotonic() - began, one.answer, one.said))

    async def upload(self, person: Person, body: bytes) -> httpx.Response:
        address = self.clients[person.id].base_url
        tls = self.tls if address.scheme == "https" else None
        reader, writer = await asyncio.open_connection(address.host, address.port or (443 if tls else 80), ssl=tls)
        try:
            head = f"POST /posts HTTP/1.1\r\nHost: {address.netloc.decode()}\r\n"
            head += f"Authorization: {person.headers['Authorization']}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
            for part in range(0, len(body), 10):
                writer.write(body[part : part + 10])
                await writer.drain()
                await asyncio.sleep(self.slow_s * 10 / len(body))
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read()
        finally:
            writer.close()
        return parsed(answer)


def parsed(answer: bytes) -> httpx.Response:
    """Status 0 without an answer; raises `ConnectionResetError` for an incomplete one."""
    head, complete, content = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if answer and (not complete or len(content) < int(headers.get("content-length", 0))):
        raise ConnectionResetError("the answer breaks off")
    kept = {name: value for name, value in headers.items() if name in KEPT}
    return httpx.Response(int(first.split(" ")[1]) if answer else 0, headers=kept, content=content)


FEW: Final = 5
ROUND: Final = 20
"""The length of `load.MIX`."""
MIXED: Final = ("bio", "follow", "like", "bio", "like", "follow", "bio")
