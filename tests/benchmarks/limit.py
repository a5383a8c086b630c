"""The limit: a bare ASGI app that runs the same SQL through an asyncpg pool and answers the same bytes.

The difference is our own cost: routes, tokens, validation, sessions, headers, logs.

    RECORDING=file.json POSTS_DSN=… RIVAL_DSN=… USERS_DSN=… python -m tests.benchmarks.limit PORT
"""

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import asyncpg
import uvicorn
from asyncpg.pool import PoolConnectionProxy
from starlette.types import Message, Receive, Scope, Send

from tests.benchmarks.recording import Recording

POOL_SIZE: Final = 10
PREFIXES: Final = {"/posts/": "get_post", "/users/": "get_user"}


def start_of_answer(status: int, body: bytes) -> Message:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return {"type": "http.response.start", "status": status, "headers": headers}


class Limit:
    """The app. Pools open in the lifespan."""

    def __init__(self, recordings: dict[str, Recording]) -> None:
        self.recordings = recordings
        self.pools: dict[str, asyncpg.Pool] = {}
        self.authors = itertools.cycle(recordings["create_post"].authors)
        self.answers = {
            name: {number: answer.encode() for number, answer in recording.answers.items()}
            for name, recording in recordings.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["method"] == "POST":
            await self.create(receive, send)
        elif scope["path"] == "/livez":
            await answer(send, 200, b"{}")
        else:
            await self.get(scope["path"], send)

    async def live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for name in ("posts", "rival", "users"):
                    dsn = os.environ[f"{name.upper()}_DSN"]
                    self.pools[name] = await asyncpg.create_pool(dsn, min_size=POOL_SIZE, max_size=POOL_SIZE)
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def get(self, path: str, send: Send) -> None:
        name, number = ("get_page", 0) if path == "/posts" else (PREFIXES[path[:7]], int(path[7:]))
        recording = self.recordings[name]
        async with self.pools[recording.database].acquire() as connection:
            for sql, arguments in recording.statements:
                swapped = (number if number and value == recording.id else value for value in arguments)
                await connection.fetch(sql, *swapped)
        await answer(send, 200, self.answers[name][number])

    async def create(self, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        new = json.loads(body)
        recording = self.recordings["create_post"]
        async with self.pools[recording.database].acquire() as connection, connection.transaction():
            made = await replay_post(connection, recording, new["title"], next(self.authors))
        sample = self.answers["create_post"][recording.id]
        await answer(send, 201, sample.replace(str(recording.id).encode(), str(made).encode(), 1))


async def replay_post(connection: PoolConnectionProxy, recording: Recording, title: str, author: int) -> int:
    """Run the recorded statements for another title and author; returns the new id, the first answer's first value."""
    swapped: dict[Any, Any] = {recording.title: title, recording.author: author}
    subject, new_subject = f"author:{recording.author}", f"author:{author}"
    swapped[subject] = new_subject
    for sql, arguments in recording.statements:
        hashable = (swapped.get(value, value) if isinstance(value, str | int) else value for value in arguments)
        rows = await connection.fetch(sql, *hashable)
        swapped.setdefault(recording.id, rows[0][0] if rows else None)
    made: int = swapped[recording.id]
    return made


async def answer(send: Send, status: int, body: bytes) -> None:
    await send(start_of_answer(status, body))
    await send({"type": "http.response.body", "body": body})


def read_recordings(path: Path) -> dict[str, Recording]:
    recordings = {name: Recording(**fields) for name, fields in json.loads(path.read_text()).items()}
    for recording in recordings.values():
        recording.answers = {int(number): text for number, text in recording.answers.items()}
    return recordings


if __name__ == "__main__":
    app = Limit(read_recordings(Path(os.environ["RECORDING"])))
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False)
