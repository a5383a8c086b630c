"""Logs and traces of all three services during many failures: complete lines, and no secrets (S-45, S-46)."""

import json
import secrets
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

import auth.config
import auth.main
import posts.config  # only with posts
import posts.main  # only with posts
import users.config
import users.main
from tests.auth.conftest import cheap_hashing as cheap_hashing
from tests.auth.conftest import running
from tests.conftest import Cloner, Log
from tests.database import Server
from tests.peers import Peers
from tests.tracing import collecting, spans_sent

INJECTION = '%0d%0a{"event":"forged"}%0a%1b[31mred%1b]0;title%07%00%e2%80%a8'
"""A value with line breaks, a forged log line and terminal escapes."""


@dataclass
class Story:
    """Sends requests, and collects the values that must not appear in logs."""

    canaries: set[str] = field(default_factory=set)
    replies: list[Response] = field(default_factory=list)

    def canary(self, kind: str) -> str:
        made = f"canary-{kind}-{secrets.token_hex(12)}"
        self.canaries.add(made)
        return made

    def email(self) -> str:
        return f"{self.canary('address')}@example.com"

    async def send(self, client: AsyncClient, method: str, url: str, status: int, **parts: Any) -> Any:
        reply = await client.request(method, url, **parts)
        assert reply.status_code == status, f"{method} {url}: {reply.text}"
        self.replies.append(reply)
        return reply.json() if reply.content else None

    def keep(self, **values: Any) -> dict[str, Any]:
        """Settings that are secrets."""
        self.canaries.update(values.values())
        return values


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://canary.test") as client:
        yield client


@asynccontextmanager
async def exporting(app: FastAPI) -> AsyncIterator[None]:
    """Sends the spans at the end."""
    yield
    await spans_sent(app)


@asynccontextmanager
async def without(server: Server, settings: dict[str, str], table: str) -> AsyncIterator[None]:
    """Every statement on a table fails, with an error that contains values."""
    connection = await asyncpg.connect(server.dsn, database=settings["database_url"].rpartition("/")[2])
    await connection.execute(f'ALTER TABLE "{table}" RENAME TO "{table}_hidden"')
    yield
    await connection.execute(f'ALTER TABLE "{table}_hidden" RENAME TO "{table}"')
    await connection.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def tell_of_auth(story: Story, server: Server, database: dict[str, str], mails: Path) -> None:
    keys = story.keep(key_encryption_key=story.canary("key"), refresh_key=story.canary("key"))
    settings = auth.config.Settings.model_validate({**database, **keys, "relay": False, "mail_dir": mails})
    async with running(settings) as app, client_of(app) as client, exporting(app):
        email, password, wrong = story.email(), story.canary("password"), story.canary("password")
        new = {"email": email, "password": password, "name": "Ada"}
        await story.send(client, "POST", "/auth/register", 201, json=new)
        await story.send(client, "POST", "/auth/register", 409, json=new)
        await story.send(client, "POST", "/auth/register", 422, json={**new, "name": 7, "pass word": wrong})
        form = {"username": email, "password": password}
        await story.send(client, "POST", "/auth/token", 400, data={**form, "password": wrong})
        tokens = await story.send(client, "POST", "/auth/token", 200, data=form)
        story.canaries |= {tokens["access_token"], tokens["refresh_token"]}
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        story.canaries.add((await story.send(client, "POST", "/auth/token", 200, data=refresh))["refresh_token"])
        service = {"grant_type": "client_credentials", "client_id": "svc:users", "audience": "users"}
        await story.send(client, "POST", "/auth/token", 401, data={**service, "client_secret": story.canary("secret")})
        mine = bearer(tokens["access_token"])
        await story.send(client, "GET", f"/auth/me?access_token={story.canary('token')}", 401)
        await story.send(client, "GET", "/auth/me", 401, headers=bearer(tokens["access_token"] + "x"))
        change = {"current_password": wrong, "new_password": story.canary("password")}
        await story.send(client, "POST", "/auth/password", 403, json=change, headers=mine)
        await story.send(
            client, "POST", "/auth/email", 202, json={"email": story.email(), "password": password}, headers=mine
        )
        await story.send(client, "POST", "/auth/password-reset", 202, json={"email": email})
        chosen = {"token": story.canary("token"), "new_password": story.canary("password")}
        await story.send(client, "POST", "/auth/password-reset/confirm", 400, json=chosen)
        await story.send(client, "DELETE", f"/auth/sessions/{INJECTION}", 422, headers=mine)
        async with without(server, database, "sessions"):
            await story.send(client, "POST", "/auth/token", 500, data=form)
            await story.send(client, "POST", "/auth/revoke", 500, data={"token": tokens["refresh_token"]})
        async with without(server, database, "accounts"):
            await story.send(client, "POST", "/auth/register", 500, json={**new, "email": story.email()})
            await story.send(client, "POST", "/auth/password-reset", 202, json={"email": email})


async def tell_of_users(story: Story, server: Server, database: dict[str, str]) -> None:
    peers, secret = Peers(), story.keep(client_secret=story.canary("secret"))
    app = users.main.create_app(users.config.Settings.model_validate({**database, **secret, "relay": False}), peers)
    async with app.router.lifespan_context(app), client_of(app) as client, exporting(app):
        await app.state.revoked.read()
        ada, stranger = peers.new_account(), peers.new_account()
        peers.accounts[ada]["data"]["email"] = story.email()
        peers.accounts[stranger]["data"]["email"] = None  # values that auth never returns
        mine, theirs = (peers.issuer.person(account) for account in (ada, stranger))
        story.canaries.add(mine["Authorization"].removeprefix("Bearer "))
        await story.send(client, "GET", "/users/me", 200, headers=mine)
        await story.send(client, "GET", "/users/me", 503, headers=theirs)
        await story.send(client, "GET", f"/users?q={story.canary('query')}", 200)
        await story.send(client, "GET", f"/users/{INJECTION}?token={story.canary('token')}", 422, headers=mine)
        await story.send(client, "GET", "/users/me", 401, headers=bearer(story.canary("token")))
        await story.send(client, "PATCH", "/users/me", 422, json={"password": story.canary("text")}, headers=mine)
        async with without(server, database, "profiles"):
            await story.send(client, "PATCH", "/users/me", 500, json={"bio": story.canary("text")}, headers=mine)
        peers.away = True
        await story.send(client, "GET", "/users/me", 503, headers=theirs)


# begin: only with posts
async def tell_of_posts(story: Story, server: Server, database: dict[str, str]) -> None:
    peers, secret = Peers(), story.keep(client_secret=story.canary("secret"))
    app = posts.main.create_app(posts.config.Settings.model_validate({**database, **secret, "relay": False}), peers)
    async with app.router.lifespan_context(app), client_of(app) as client, exporting(app):
        await app.state.revoked.read()
        mine, service = peers.issuer.person(peers.new_account()), peers.issuer.service("users", "posts")
        story.canaries |= {headers["Authorization"].removeprefix("Bearer ") for headers in (mine, service)}
        draft = {"title": story.canary("title"), "body": story.canary("text"), "status": "draft"}
        await story.send(client, "POST", "/posts", 201, json=draft, headers=mine)
        await story.send(
            client, "POST", "/posts", 422, json={**draft, "tags": [story.canary("tag") + " x"]}, headers=mine
        )
        await story.send(client, "GET", f"/posts?q={story.canary('query')}", 200)
        await story.send(client, "GET", f"/posts/{INJECTION}", 422, headers=mine)
        await story.send(client, "GET", "/posts/drafts", 403, headers=service)
        await story.send(client, "GET", "/posts/drafts", 401, headers=bearer(story.canary("token")))
        async with without(server, database, "posts"):
            await story.send(client, "POST", "/posts", 500, json=draft, headers=mine)


# end: only with posts


TOLD = [
    "auth",
    "users",
    "posts",  # only with posts
]


async def test_a_story_of_failures_leaves_no_secret_in_logs_and_traces(
    database_of: Cloner, server: Server, tmp_path: Path, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    """S-45, S-46: no password, token, key, DSN, address or text; one JSON object a line, in UTC, with the request."""
    story = Story()
    with collecting() as collector:
        traced = {"otel_exporter_otlp_endpoint": collector.url}
        databases = {service: await database_of(service) | traced for service in TOLD}
        await tell_of_auth(story, server, databases["auth"], tmp_path)
        await tell_of_users(story, server, databases["users"])
        await tell_of_posts(story, server, databases["posts"])  # only with posts
    for database in databases.values():
        story.canaries |= {database["database_password"], database["database_url"]}

    written = capsys.readouterr()
    assert len(story.canaries) > 25
    assert [canary for canary in story.canaries if canary in written.out + written.err] == []
    assert "PRIVATE KEY" not in written.out
    assert {*collector.spans} == {*databases}
    spans = collector.texts()
    assert {"INSERT accounts", "INSERT profiles", "publish mail.wanted"} <= {*spans}
    assert [text for text in spans if "@" in text or any(canary in text for canary in story.canaries)] == []
    assert set(written.out) <= {*string.printable} - {"\r", "\t", "\v", "\f"}, "nothing for a terminal to obey"

    lines = [json.loads(line) for line in written.out.split("\n")[:-1]]
    assert {line["service"] for line in lines} == {*TOLD}
    assert "forged" not in {line["event"] for line in lines}
    assert {datetime.fromisoformat(line["timestamp"]).utcoffset() for line in lines} == {timedelta(0)}
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["request_id"] for line in requests] == [reply.headers["x-request-id"] for reply in story.replies]
    unexpected = [line for line in lines if line["event"] == "unexpected error"]
    assert len(unexpected) == sum(reply.status_code == 500 for reply in story.replies) > 3

    echoed = [
        reply.url for reply in story.replies if reply.is_error and any(one in reply.text for one in story.canaries)
    ]
    assert echoed == [], "nor does a refusal repeat what it was sent (S-45)"
