# file: only with posts
"""`outbox`, `rebuild` and `reconcile` on posts' command line. Runbooks quote their output."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from common.db.database import Database
from posts.commands import cli
from posts.config import Settings
from tests.conftest import Cloner, Log

FILL = """
INSERT INTO outbox (target, type, subject, version, data, attempts, parked_at, last_error, next_at)
SELECT target, 'author', subject, 3, '{"posts_count": 1}', attempts, CAST(parked_at AS timestamptz), last_error,
       clock_timestamp() + interval '1 hour'
FROM (VALUES ('users', 'author:1', 0, NULL, NULL), ('users', 'author:2', 0, NULL, NULL),
             ('users', 'author:3', 5, '2026-01-02', 'status 422'), ('other', 'author:3', 5, '2026-01-03', 'status 409'))
     AS row (target, subject, attempts, parked_at, last_error)
"""
DUE = "SELECT target, subject FROM outbox WHERE parked_at IS NULL AND attempts = 0 AND next_at <= clock_timestamp()"
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def database(database_of: Cloner, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The environment of the commands: posts' database, and addresses of other services where nobody listens."""
    found = {**await database_of("posts"), "client_secret": secrets.token_urlsafe(32)}
    nobody = dict.fromkeys(("auth_url", "users_url", "jwks_url"), "http://127.0.0.1:1")
    for name, value in {**found, **nobody}.items():
        monkeypatch.setenv(name.upper(), value)
    database = Database(Settings.model_validate(found))
    async with database.transaction() as session:
        await session.execute(text(FILL))
    yield database
    await database.disconnect()


@pytest.fixture
def run(database: Database, log: Log) -> Run:
    """A command in a thread, where it has its own event loop. Starting an app configures logging again."""

    async def run(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, words)

    return run


async def test_the_outbox_tells_what_waits_and_what_is_parked_and_why(run: Run) -> None:
    status = await run("outbox", "status")
    assert status.exit_code == 0
    heading, *lines = [line.split() for line in status.output.splitlines()]
    assert heading == ["TARGET", "TYPE", "WAITING", "OLDEST", "PARKED"]
    assert [(*line[:3], line[-1]) for line in lines] == [("other", "author", "0", "1"), ("users", "author", "2", "1")]

    parked = await run("outbox", "parked")
    assert parked.exit_code == 0
    assert parked.output.splitlines() == [
        "users  author:3@3  5 tries  status 422",
        "other  author:3@3  5 tries  status 409",
    ]


async def test_what_is_parked_for_one_target_or_all_is_due_again_after_replay(run: Run, database: Database) -> None:
    async def due() -> set[tuple[str, str]]:
        async with database.transaction() as session:
            return {(row.target, row.subject) for row in await session.execute(text(DUE))}

    assert await due() == set()
    assert (await run("outbox", "replay", "--target", "users")).output == "1 to be sent again\n"
    assert await due() == {("users", "author:3")}
    assert (await run("outbox", "replay")).output == "1 to be sent again\n"
    assert await due() == {("users", "author:3"), ("other", "author:3")}
    assert (await run("outbox", "parked")).output == ""


@pytest.mark.parametrize("command", ["rebuild", "reconcile"])
async def test_a_read_model_that_is_not_there_or_cannot_be_read_ends_with_words_and_status_1(
    run: Run, command: str
) -> None:
    unknown = await run(command, "autors")
    assert unknown.exit_code == 1
    assert unknown.output.strip() == "There is no read model autors; there are: erased, authors, follows, blocks."
    away = await run(command, "authors")
    assert away.exit_code == 1
    assert away.output.splitlines()[-1].startswith("Stopped: The users service")
