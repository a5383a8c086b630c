"""Records the SQL and the answers of our requests, which the limit app replays."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from tests.queries import Query, listening


@dataclass
class Recording:
    """One kind of request: its statements with their arguments, and its answers by id."""

    database: str
    id: int
    """The id in the recorded statements, which each replay replaces."""
    statements: list[Query]
    answers: dict[int, str] = field(default_factory=dict)
    title: str = ""
    """For a POST, the recorded title,"""
    author: int = 0
    """its author,"""
    authors: Sequence[int] = ()
    """and the authors of replays, in turn."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Recorder:
    """Sends requests to an app in this process, and records its SQL."""

    app: FastAPI
    client: AsyncClient
    statements: list[Query] = field(default_factory=list)

    async def ask(self, method: str, path: str, **options: Any) -> str:
        """The answer's body; `statements` then has those of this request."""
        with listening(self.app) as queries:
            reply = await self.client.request(method, path, **options)
            self.statements = await queries()
        reply.raise_for_status()
        if any(isinstance(arguments, list) for _, arguments in self.statements):
            raise NotImplementedError("the limit app replays one execution at a time")
        return reply.text


@asynccontextmanager
async def recorder(app: FastAPI, token: str) -> AsyncIterator[Recorder]:
    transport, headers = ASGITransport(app), {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://bench.test", headers=headers) as client,
    ):
        await app.state.revoked.read()
        yield Recorder(app, client)


async def record_gets(listening: Recorder, database: str, prefix: str, ids: Sequence[int]) -> Recording:
    """`GET prefix/ID` for each id."""
    answers = {number: await listening.ask("GET", f"{prefix}/{number}") for number in ids}
    return Recording(database, ids[-1], list(listening.statements), answers)


async def record_page(listening: Recorder, database: str, path: str) -> Recording:
    """`GET path`, which has no id."""
    answer = await listening.ask("GET", path)
    return Recording(database, 0, list(listening.statements), {0: answer})


async def record_post(
    listening: Recorder, database: str, path: str, body: dict[str, Any], authors: Sequence[int]
) -> Recording:
    """A POST by the first author that creates something with a title."""
    for title in ("Warm up", body["title"]):  # the first request may have extra work
        answer = await listening.ask("POST", path, json={**body, "title": title})
    made = json.loads(answer)["id"]
    return Recording(database, made, list(listening.statements), {made: answer}, title, authors[0], authors)
