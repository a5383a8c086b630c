"""The schedule of signing keys: published before they sign and until their last token expires (S-20, S-21)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from jose import jwt
from pydantic import SecretStr
from typer.testing import CliRunner

from auth.commands import cli
from auth.config import Settings
from auth.services.signing_keys.material import KeyCipher
from auth.services.signing_keys.schedule import KeySchedule
from common.tokens.known_keys import MOST_KEYS
from tests.auth.conftest import Connection, Person, SignUp, bearer, client_of, refresh, running

OLD = "31 days"


@dataclass
class Keys:
    """auth's keys, with control over time."""

    app: FastAPI
    client: AsyncClient
    superuser: Connection
    settings: Settings

    async def kid(self, state: str) -> str:
        kid: str = await self.superuser.fetchval("SELECT kid FROM signing_keys WHERE state = $1", state)
        return kid

    async def states(self) -> dict[str, str]:
        return {row["kid"]: row["state"] for row in await self.superuser.fetch("SELECT kid, state FROM signing_keys")}

    async def published(self) -> set[str]:
        return {key["kid"] for key in (await self.client.get("/.well-known/jwks.json")).json()["keys"]}

    async def age(self, kid: str, column: str, age: str) -> None:
        await self.superuser.execute(
            f"UPDATE signing_keys SET {column} = clock_timestamp() - CAST($1::text AS interval) WHERE kid = $2",  # noqa: S608
            age,
            kid,
        )

    async def command(self, *words: str, load: bool = True) -> tuple[int, str]:
        """Runs `python -m auth keys …` in a thread, since it has its own event loop."""
        secret = {
            name: getattr(self.settings, name).get_secret_value() for name in ("key_encryption_key", "refresh_key")
        }
        environment = {
            "DATABASE_URL": str(self.settings.database_url),
            "DATABASE_PASSWORD": self.settings.database_password.get_secret_value(),
            **{name.upper(): value for name, value in secret.items()},
        }
        result = await asyncio.to_thread(CliRunner().invoke, cli, ["keys", *words], env=environment)
        if load:
            await self.app.state.keys.load()  # in production every second
        return result.exit_code, result.output

    async def sign_in(self, person: Person) -> dict[str, str]:
        reply = await self.client.post("/auth/token", data={"username": person.email, "password": person.password})
        tokens: dict[str, str] = reply.json()
        return tokens

    async def status(self, token: str) -> int:
        return (await self.client.get("/auth/me", headers=bearer(token))).status_code


@pytest.fixture
async def keys(app: FastAPI, client: AsyncClient, superuser: Connection, settings: Settings) -> Keys:
    await superuser.execute("DELETE FROM signing_keys")
    await app.state.keys.load()
    return Keys(app, client, superuser, settings)


def signer(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def test_a_key_signs_only_after_it_was_published_and_is_published_after_it_signed(
    keys: Keys, sign_up: SignUp
) -> None:
    """S-20: publish, sign, retire."""
    person = await sign_up()
    first, second = await keys.kid("active"), await keys.kid("next")
    before = (await keys.sign_in(person))["access_token"]
    await keys.age(first, "activated_at", OLD)
    await keys.age(second, "created_at", "9 minutes")
    await keys.app.state.keys.load()
    assert await keys.kid("active") == first, "the next one is not known everywhere yet"
    await keys.age(second, "created_at", "10 minutes 1 second")
    await keys.app.state.keys.load()
    assert await keys.states() == {first: "retired", second: "active", await keys.kid("next"): "next"}
    after = (await keys.sign_in(person))["access_token"]
    assert [signer(before), signer(after)] == [first, second]
    assert [await keys.status(token) for token in (before, after)] == [200, 200]
    assert await keys.published() == {first, second, await keys.kid("next")}
    await keys.age(first, "retired_at", "24 minutes")
    await keys.app.state.keys.load()
    assert await keys.status(before) == 200
    await keys.age(first, "retired_at", "26 minutes")
    await keys.app.state.keys.load()
    assert await keys.published() == {second, await keys.kid("next")}
    assert [await keys.status(token) for token in (before, after)] == [401, 200]


async def test_a_key_that_no_longer_signs_has_no_private_half(keys: Keys) -> None:
    first = await keys.kid("active")
    await keys.command("rotate", "--now")
    assert await keys.superuser.fetchval("SELECT private_key FROM signing_keys WHERE kid = $1", first) == b""


async def test_replicas_rotate_once(keys: Keys) -> None:
    first, second = await keys.kid("active"), await keys.kid("next")
    await keys.age(first, "activated_at", OLD)
    await keys.age(second, "created_at", "1 hour")

    @asynccontextmanager
    async def replica() -> AsyncIterator[None]:
        async with running(keys.settings) as app:
            await app.state.keys.load()
            yield

    async def start() -> None:
        async with replica():
            pass

    await asyncio.gather(*(start() for _ in range(5)))
    states = await keys.states()
    assert sorted(states.values()) == ["active", "next", "retired"]
    assert states[second] == "active"


async def test_an_operator_rotates_when_the_next_key_is_old_enough_or_at_once(keys: Keys) -> None:
    coming = await keys.kid("next")
    code, said = await keys.command("rotate")
    assert (code, await keys.kid("next")) == (1, coming)
    assert "must have been published" in said
    code, said = await keys.command("rotate", "--now")
    assert (code, said) == (0, f"{coming} signs from now on.\n")
    assert await keys.kid("active") == coming
    await keys.age(await keys.kid("next"), "created_at", "11 minutes")
    coming = await keys.kid("next")
    assert (await keys.command("rotate"))[0] == 0
    assert await keys.kid("active") == coming


async def test_a_rotation_that_would_publish_more_keys_than_readers_take_is_refused(
    keys: Keys, sign_up: SignUp
) -> None:
    """The set stays valid, and has room again once a retired key leaves it."""
    person = await sign_up()
    for _ in range(MOST_KEYS - 2):
        assert (await keys.command("rotate", "--now"))[0] == 0
        assert len(await keys.published()) <= MOST_KEYS
    before = await keys.states()
    code, said = await keys.command("rotate", "--now")
    assert (code, said.startswith("20 keys are published already")) == (1, True), said
    assert await keys.states() == before
    assert await keys.status((await keys.sign_in(person))["access_token"]) == 200
    metrics = (await keys.client.get("/metrics")).text
    assert "signing_keys_published 20.0" in metrics
    assert "signing_keys_limit 20.0" in metrics
    assert (await keys.command("revoke", await keys.kid("active")))[0] == 0, "whatever is full, a leak can be ended"
    await keys.age(min(kid for kid, state in before.items() if state == "retired"), "retired_at", "26 minutes")
    assert (await keys.command("rotate", "--now"))[0] == 0


async def test_a_schedule_that_meets_a_full_set_rotates_later(keys: Keys) -> None:
    for _ in range(MOST_KEYS - 2):
        await keys.command("rotate", "--now")
    active, coming = await keys.kid("active"), await keys.kid("next")
    await keys.age(active, "activated_at", OLD)
    await keys.age(coming, "created_at", "11 minutes")
    await keys.app.state.keys.load()
    assert await keys.kid("active") == active
    await keys.superuser.execute("UPDATE signing_keys SET retired_at = retired_at - interval '26 min'")
    await keys.app.state.keys.load()
    assert await keys.kid("active") == coming


async def test_of_more_keys_than_a_set_has_the_newest_are_published(keys: Keys, sign_up: SignUp) -> None:
    """The previous release could create them. Tokens of the oldest keys are refused, and renewed like expired ones."""
    person = await sign_up()
    await keys.superuser.execute(
        "INSERT INTO signing_keys (kid, public_jwk, private_key, state, created_at, retired_at)"
        " SELECT 'k' || n, jsonb_set(public_jwk, '{kid}', to_jsonb('k' || n)), '', 'retired',"
        " now() - n * interval '1 min', now() FROM signing_keys, generate_series(1, 25) AS n WHERE state = 'active'"
    )
    await keys.app.state.keys.load()
    published = await keys.published()
    assert published == {await keys.kid("active"), await keys.kid("next"), *(f"k{n}" for n in range(1, 19))}
    assert await keys.status((await keys.sign_in(person))["access_token"]) == 200
    assert (await keys.client.get("/readyz")).status_code == 200
    assert "signing_keys_published 27.0" in (await keys.client.get("/metrics")).text


async def test_what_a_revoked_key_has_signed_is_refused_and_another_one_signs(keys: Keys, sign_up: SignUp) -> None:
    """S-21: cached tokens too; sessions continue."""
    person, revoked = await sign_up(), await keys.kid("active")
    tokens = await keys.sign_in(person)
    assert await keys.status(tokens["access_token"]) == 200
    code, said = await keys.command("revoke", revoked)
    assert (code, said.split()[0]) == (0, revoked)
    assert await keys.status(tokens["access_token"]) == 401
    assert revoked not in await keys.published()
    renewed = (await refresh(keys.client, tokens["refresh_token"])).json()
    assert signer(renewed["access_token"]) == await keys.kid("active") != revoked
    assert await keys.status(renewed["access_token"]) == 200


async def test_a_key_that_is_not_there_cannot_be_revoked(keys: Keys) -> None:
    revoked = await keys.kid("active")
    assert (await keys.command("revoke", revoked))[0] == 0
    for kid in (revoked, "nobody's", "-nobody's", "-hs"):  # ids are base64url: one in 64 begins with a "-"
        code, said = await keys.command("revoke", kid)
        assert (code, said) == (1, f"There is no key {kid} that could be revoked.\n")


async def test_the_list_shows_every_key_there_was(keys: Keys) -> None:
    await keys.command("rotate", "--now")
    code, said = await keys.command("list")
    lines = [line.split()[:2] for line in said.splitlines()[1:]]
    assert code == 0
    assert dict(map(tuple, lines)) == await keys.states()  # type: ignore[arg-type]
    assert sorted(state for _, state in lines) == ["active", "next", "retired"]


async def test_what_is_done_to_keys_stands_in_the_audit_trail(keys: Keys) -> None:
    revoked = await keys.kid("active")
    await keys.command("revoke", revoked)
    noted = await keys.superuser.fetch("SELECT action, actor FROM audit_events WHERE detail->>'kid' = $1", revoked)
    assert ("key-revoked", "server") in {(row["action"], row["actor"]) for row in noted}
    active = await keys.kid("active")
    noted = await keys.superuser.fetch("SELECT action FROM audit_events WHERE detail->>'kid' = $1", active)
    assert {row["action"] for row in noted} == {"key-created", "key-activated"}


async def test_the_encryption_key_is_replaced_without_a_gap(keys: Keys, sign_up: SignUp) -> None:
    person = await sign_up()
    tokens = await keys.sign_in(person)
    was, new = keys.settings.key_encryption_key, SecretStr("another key 0123456789 abcdefghi")
    both = keys.settings.model_copy(update={"key_encryption_key": new, "key_encryption_key_previous": was})
    async with running(both) as app, client_of(app) as client:
        assert (await client.get("/auth/me", headers=bearer(tokens["access_token"]))).status_code == 200
        for _ in range(2):  # now the active and the next key are stored under the new secret
            await keys.age(await keys.kid("active"), "activated_at", OLD)
            await keys.age(await keys.kid("next"), "created_at", "1 hour")
            await app.state.keys.load()
    only = keys.settings.model_copy(update={"key_encryption_key": new})
    async with running(only) as app, client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 200
        assert (await refresh(client, tokens["refresh_token"])).status_code == 200


async def test_who_cannot_open_the_keys_changes_none(keys: Keys) -> None:
    """Otherwise one replica with a wrong secret would create keys that the others cannot open."""
    before = await keys.states()
    await keys.age(await keys.kid("next"), "created_at", "1 hour")
    always_due = KeySchedule(KeyCipher("another key 0123456789 abcdefghi"), rotate_every=timedelta(0))
    async with keys.app.state.transactions() as work:
        await always_due.maintain(work)
    assert await keys.states() == before


async def test_an_operator_with_another_secret_changes_no_key_but_by_saying_that_it_is_lost(keys: Keys) -> None:
    """Otherwise all replicas would have an active key that they cannot open."""
    before = await keys.states()
    keys.settings = keys.settings.model_copy(
        update={"key_encryption_key": SecretStr("another key 0123456789 abcdefghi")}
    )
    for words in (("rotate", "--now"), ("revoke", await keys.kid("active")), ("revoke", await keys.kid("next"))):
        done, said = await keys.command(*words)
        assert (done, "KEY_ENCRYPTION_KEY" in said) == (1, True), said
        assert await keys.states() == before
    made, said = await keys.command("rotate", "--now", "--secret-lost", load=False)
    assert made == 0, said
    assert not {await keys.kid("active"), await keys.kid("next")} & before.keys()


async def test_the_refresh_key_is_replaced_without_signing_anybody_out(keys: Keys, sign_up: SignUp) -> None:
    tokens = await keys.sign_in(await sign_up())
    was, new = keys.settings.refresh_key, SecretStr("another key 0123456789 abcdefghi")
    both = keys.settings.model_copy(update={"refresh_key": new, "refresh_key_previous": was})
    async with running(both) as app, client_of(app) as client:
        renewed = (await refresh(client, tokens["refresh_token"])).json()["refresh_token"]
        assert renewed.split(".")[1] != tokens["refresh_token"].split(".")[1]
        again = (await refresh(client, tokens["refresh_token"])).json()["refresh_token"]
        assert again == renewed, "the parent within its grace, as ever"
    async with running(keys.settings.model_copy(update={"refresh_key": new})) as app, client_of(app) as client:
        assert (await refresh(client, renewed)).status_code == 200
        assert (await refresh(client, tokens["refresh_token"])).status_code == 400
