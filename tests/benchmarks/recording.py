"""Which SQL a request of ours runs, and what it answers: what the limit app does again, without us."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event

Statement = tuple[str, Sequence[Any]]


@dataclass
class Recording:
    """One kind of request: its statements with their arguments, and its answers by id."""

    database: str
    id: int
    """The id that the statements were recorded with: another takes its place in each replay."""
    statements: list[Statement]
    answers: dict[int, str] = field(default_factory=dict)
    title: str = ""
    """For a POST, the title that it was recorded with,"""
    author: int = 0
    """its author,"""
    authors: Sequence[int] = ()
    """and who takes turns in the replays."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Recorder:
    """Asks an app in this process, and listens to what it tells its database."""

    app: FastAPI
    client: AsyncClient
    statements: list[Statement] = field(default_factory=list)

    async def ask(self, method: str, path: str, **options: Any) -> str:
        """The answer's body; `statements` then holds this request's own."""
        self.statements.clear()
        reply = await self.client.request(method, path, **options)
        reply.raise_for_status()
        return reply.text


BESIDE = ("ended_sessions", "token_floors", "known_keys")
"""What a service reads and writes beside its requests."""


@asynccontextmanager
async def recorder(app: FastAPI, token: str) -> AsyncIterator[Recorder]:
    transport, headers = ASGITransport(app), {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://bench.test", headers=headers) as client,
    ):
        await app.state.revoked.read()
        listening = Recorder(app, client)

        def note(_conn: Any, _cursor: Any, sql: str, arguments: Any, _context: Any, many: bool) -> None:
            if any(table in sql for table in BESIDE):
                return
            if many:
                raise NotImplementedError("the limit app replays one execution at a time")
            listening.statements.append((sql, list(arguments)))

        for engine in (app.state.database.engine, app.state.database.reading):
            event.listen(engine.sync_engine, "before_cursor_execute", note)
        yield listening


async def record_gets(listening: Recorder, database: str, prefix: str, ids: Sequence[int]) -> Recording:
    """`GET prefix/ID` for each id."""
    answers = {number: await listening.ask("GET", f"{prefix}/{number}") for number in ids}
    return Recording(database, ids[-1], list(listening.statements), answers)


async def record_post(
    listening: Recorder, database: str, path: str, body: dict[str, Any], authors: Sequence[int]
) -> Recording:
    """A POST by the first of the authors that makes something with a title."""
    for title in ("Warm up", body["title"]):  # the first may do what only a first one does
        answer = await listening.ask("POST", path, json={**body, "title": title})
    made = json.loads(answer)["id"]
    return Recording(database, made, list(listening.statements), {made: answer}, title, authors[0], authors)
