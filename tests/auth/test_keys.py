"""The signing keys: shared by replicas, encrypted at rest, gone when they are revoked."""

import asyncio

from pydantic import SecretStr

from auth.config import Settings
from auth.main import create_app
from tests.auth.conftest import PASSWORD, Connection, Mint, Person, SignUp, bearer, client_of, running


async def test_replicas_that_start_together_share_one_key(settings: Settings, superuser: Connection) -> None:
    await superuser.execute("DELETE FROM signing_keys")

    async def published() -> str:
        async with running(settings) as app, client_of(app) as client:
            return (await client.get("/.well-known/jwks.json")).text

    assert len(set(await asyncio.gather(*(published() for _ in range(5))))) == 1
    assert await superuser.fetchval("SELECT count(*) FROM signing_keys") == 1


async def test_another_encryption_key_opens_nothing_and_is_named(settings: Settings, sign_up: SignUp) -> None:
    """The service stays up, is not ready, and signs nobody in."""
    person: Person = await sign_up()
    other = settings.model_copy(update={"key_encryption_key": SecretStr("quite another key 0123456789 abcdef")})
    app = create_app(other)
    async with app.router.lifespan_context(app), client_of(app) as client:
        for _ in range(100):
            ready = await client.get("/readyz")
            if "KEY_ENCRYPTION_KEY" in ready.text:
                break
            await asyncio.sleep(0.02)
        assert (ready.status_code, ready.json()["missing"]) == (
            503,
            ["signing keys: KEY_ENCRYPTION_KEY does not open them"],
        )
        reply = await client.post("/auth/token", data={"username": person.email, "password": PASSWORD})
        assert (reply.status_code, reply.json()["code"]) == (503, "keys-unavailable")
        assert reply.headers["retry-after"] == "1"
        assert (await client.get("/auth/me", headers=bearer("a.b.c"))).status_code in {401, 503}
        assert (await client.get("/livez")).status_code == 200


async def test_a_revoked_key_s_token_is_refused_although_it_was_cached(
    settings: Settings, superuser: Connection, mint: Mint
) -> None:
    """S-21"""
    token = mint.token()
    async with running(settings) as app, client_of(app) as client:
        assert (await client.get("/auth/me", headers=bearer(token))).status_code == 200
        await superuser.execute("UPDATE signing_keys SET state = 'revoked' WHERE kid = $1", mint.kid)
        await app.state.keys.load()  # in earnest every ten seconds
        reply = await client.get("/auth/me", headers=bearer(token))
        assert (reply.status_code, reply.json()["code"]) == (401, "invalid-token")
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert mint.kid not in {key["kid"] for key in keys}
