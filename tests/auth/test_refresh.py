"""The refresh grant: a new token for the same session, and none for forged, old or disabled ones."""

import pytest
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.conftest import NEVER, Connection, SignedIn, SignIn, SignUp, bearer, client_of, refresh, running
from tests.auth.refreshing import ending, session_of, spent
from tests.auth.test_access_tokens import part


async def test_a_refresh_rotates_and_stays_the_same_session(client: AsyncClient, signed_in: SignedIn) -> None:
    first = await signed_in()
    reply = await refresh(client, first["refresh_token"])
    second = reply.json()
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert set(second) == set(first)
    assert second["refresh_token"] != first["refresh_token"]
    before, after = part(first["access_token"], 1), part(second["access_token"], 1)
    assert (after["sid"], after["sub"]) == (before["sid"], before["sub"])
    assert after["jti"] != before["jti"]
    assert after["iat"] >= before["iat"]
    assert (await client.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 200
    assert (await refresh(client, second["refresh_token"])).status_code == 200


def changed(token: str, index: int, value: str) -> str:
    parts = token.split(".")
    parts[index] = value
    return ".".join(parts)


FORGERIES = {
    "another mac": lambda token: changed(token, 4, "A" * 43),
    "mac of another generation": lambda token: changed(token, 3, "2"),
    "generation 0": lambda token: changed(token, 3, "0"),
    "generation with a zero": lambda token: changed(token, 3, "01"),
    "huge generation": lambda token: changed(token, 3, "9" * 9),
    "generation beyond all": lambda token: changed(token, 3, "9" * 30),
    "another session": lambda token: changed(token, 2, NEVER),
    "another key": lambda token: changed(token, 1, "00000000"),
    "another version": lambda token: changed(token, 0, "rt2"),
    "upper case": lambda token: changed(token, 2, token.split(".")[2].upper()),
    "a line break": lambda token: token + "\n",
    "one letter less": lambda token: token[:-1],
    "full-width digit": lambda token: changed(token, 3, "\uff11"),
    "very long": lambda token: token + "x" * 10_000,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=list(FORGERIES))
async def test_a_forged_token_is_refused_and_touches_nothing(  # type: ignore[no-untyped-def]
    client: AsyncClient, signed_in: SignedIn, superuser: Connection, forge
) -> None:
    """S-23"""
    token = (await signed_in())["refresh_token"]
    assert spent(await refresh(client, forge(token)))
    assert await ending(superuser, token) is None
    assert (await refresh(client, token)).status_code == 200


async def test_a_token_is_worthless_without_the_server_s_key(
    client: AsyncClient, signed_in: SignedIn, settings: Settings
) -> None:
    """S-23: the database alone is not enough to make one, and an access token is no refresh token."""
    tokens = await signed_in()
    other = Settings.model_validate({**settings.model_dump(), "refresh_key": "another random key 0123456789 abcdef"})
    async with running(other) as app, client_of(app) as elsewhere:
        assert spent(await refresh(elsewhere, tokens["refresh_token"]))
    assert spent(await refresh(client, tokens["access_token"]))
    assert (await refresh(client, tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize(
    ("age", "status"),
    [
        ("rotated_at = now() - interval '6 days 23 hours'", 200),
        ("rotated_at = now() - interval '7 days 1 minute'", 400),
        ("created_at = now() - interval '29 days 23 hours'", 200),
        ("created_at = now() - interval '30 days 1 minute'", 400),
    ],
)
async def test_a_session_ends_by_idleness_and_by_age(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection, age: str, status: int
) -> None:
    """S-23: 7 days idle, 30 days in all, by the database's clock."""
    token = (await signed_in())["refresh_token"]
    await superuser.execute(f"UPDATE sessions SET {age} WHERE id = $1::uuid", session_of(token))  # noqa: S608
    assert (await refresh(client, token)).status_code == status


async def test_a_disabled_account_gets_no_new_tokens_until_enabled(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person = await sign_up()
    token = (await sign_in(person)).json()["refresh_token"]
    for status, expected in (("disabled", 400), ("active", 200)):
        await superuser.execute("UPDATE accounts SET status = $2 WHERE id = $1", person.id, status)
        assert (await refresh(client, token)).status_code == expected
