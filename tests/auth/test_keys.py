"""The signing keys: shared by replicas, encrypted at rest, gone when they are revoked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx import AsyncClient, Response
from pydantic import SecretStr

from auth.config import Settings
from auth.main import create_app
from tests.auth.conftest import Connection, Person, SignIn, SignUp, bearer, client_of, refresh, running
from tests.mint import Mint
from tests.waiting import eventually


@asynccontextmanager
async def locked_out(settings: Settings) -> AsyncIterator[AsyncClient]:
    """auth with another KEY_ENCRYPTION_KEY than that of its stored keys."""
    app = create_app(settings.model_copy(update={"key_encryption_key": SecretStr("another key 0123456789 abcdefghi")}))
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


async def sign_in_at(client: AsyncClient, person: Person) -> Response:
    return await client.post("/auth/token", data={"username": person.email, "password": person.password})


async def test_replicas_that_start_together_share_one_key(settings: Settings, superuser: Connection) -> None:
    await superuser.execute("DELETE FROM signing_keys")

    async def published() -> str:
        async with running(settings) as app, client_of(app) as client:
            return (await client.get("/.well-known/jwks.json")).text

    assert len(set(await asyncio.gather(*(published() for _ in range(5))))) == 1
    states = await superuser.fetch("SELECT state FROM signing_keys ORDER BY state")
    assert [row["state"] for row in states] == ["active", "next"]


async def test_another_encryption_key_opens_nothing_and_is_named(settings: Settings) -> None:
    """The service stays up and reports the reason."""
    async with locked_out(settings) as client:

        async def is_named() -> bool:
            return "KEY_ENCRYPTION_KEY" in (await client.get("/readyz")).text

        await eventually(is_named)
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["missing"] == ["signing keys: KEY_ENCRYPTION_KEY does not open them"]
        assert (await client.get("/livez")).status_code == 200


async def test_without_a_signing_key_nothing_is_opened_or_spent(
    client: AsyncClient, settings: Settings, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """A refresh token that was spent without an answer would end its session at the next use."""
    person = await sign_up()
    token = (await sign_in(person)).json()["refresh_token"]
    kept = "SELECT count(*), max(generation) FROM sessions WHERE account_id = $1"
    before = await superuser.fetchrow(kept, person.id)
    async with locked_out(settings) as locked:
        for reply in (await refresh(locked, token), await sign_in_at(locked, person)):
            assert (reply.status_code, reply.json()["code"]) == (503, "keys-unavailable")
            assert reply.headers["retry-after"] == "1"
    assert await superuser.fetchrow(kept, person.id) == before
    assert (await refresh(client, token)).status_code == 200


async def test_a_revoked_key_s_token_is_refused_although_it_was_cached(
    settings: Settings, superuser: Connection, mint: Mint
) -> None:
    """S-21"""
    token = mint.token()
    async with running(settings) as app, client_of(app) as client:
        assert (await client.get("/auth/me", headers=bearer(token))).status_code == 200
        await superuser.execute("UPDATE signing_keys SET state = 'revoked' WHERE kid = $1", mint.kid)
        await app.state.keys.load()  # in production every second
        reply = await client.get("/auth/me", headers=bearer(token))
        assert (reply.status_code, reply.json()["code"]) == (401, "invalid-token")
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert mint.kid not in {key["kid"] for key in keys}
