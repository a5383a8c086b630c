"""Search results on any PostgreSQL and any locale of its cluster.

`make test-search` runs this on several versions of PostgreSQL; otherwise it uses that of all tests.
"""

import os
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from common.db.migrations import migrate
from posts.config import Settings
from posts.main import create_app
from tests.database import Server, Template
from tests.peers import Peers
from tests.posts.search_table import FINDS

LC_CTYPES = os.environ.get("LC_CTYPES", "C C.UTF-8").split()
CREATE = """
CREATE DATABASE "{name}" OWNER posts_owner TEMPLATE template0 ENCODING 'UTF8'
LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE '{ctype}'
"""


@pytest.fixture(scope="module")
async def databases(server: Server, templates: dict[str, Template]) -> AsyncIterator[dict[str, Template]]:
    """A migrated database of posts for each LC_CTYPE, by its name."""
    template = templates["posts"]
    await template.prepare()
    connection = await asyncpg.connect(server.dsn)
    made = []
    for ctype in LC_CTYPES:
        made.append(name := f"posts_{ctype}_{secrets.token_hex(4)}")
        await connection.execute(CREATE.format(name=name, ctype=ctype))
        await migrate(template.migrations, template.owner_settings(name))
    yield dict.fromkeys(made, template)
    for name in made:
        await template.drop(name)
    await connection.close()


async def asked_on(app: FastAPI, peers: Peers) -> dict[str, tuple[bool, bool]]:
    """Publish both texts of each row, and return which of them its query finds."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://posts.test") as client:
        found: dict[str, tuple[bool, bool]] = {}
        for query, texts in FINDS.items():
            headers = peers.issuer.person(author := peers.new_account())
            for title, body in zip(("yes", "no"), texts, strict=True):
                made = await client.post("/posts", json={"title": title, "body": body}, headers=headers)
                assert made.status_code == 201, made.text
            reply = await client.get("/posts", params={"q": query, "author_id": author})
            assert reply.status_code == 200, reply.text
            titles = {post["title"] for post in reply.json()["items"]}
            found[query] = ("yes" in titles, "no" in titles)
        return found


async def test_each_query_finds_what_the_table_says_in_every_locale(databases: dict[str, Template]) -> None:
    wrong: dict[str, dict[str, tuple[bool, bool]]] = {}
    for name, template in databases.items():
        owner = template.owner_settings(name)  # no other role has grants there
        database = {"database_url": owner.owner_database_url, "database_password": owner.owner_database_password}
        own = {"client_secret": secrets.token_urlsafe(32), "relay": False, "pool_timeout": timedelta(seconds=10)}
        peers = Peers()
        app = create_app(Settings.model_validate({**database, **own}), peers)
        async with app.router.lifespan_context(app):
            await app.state.revoked.read()
            found = await asked_on(app, peers)
        wrong[name] = {query: both for query, both in found.items() if both != (True, False)}
    assert wrong == {name: {} for name in databases}
    assert len(FINDS) >= 40
