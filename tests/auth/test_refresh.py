"""The refresh grant: one session, one token at a time."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from auth.config import Settings
from tests.auth.conftest import NEVER, Connection, SignedIn, SignIn, SignUp, bearer, client_of, refresh, running
from tests.auth.test_access_tokens import part


def spent(reply: Response) -> bool:
    return (reply.status_code, reply.json().get("error")) == (400, "invalid_grant")


def session_of(token: str) -> str:
    return token.split(".")[2]


async def ending(superuser: Connection, token: str) -> str | None:
    """The reason why a token's session ended; None while it is open."""
    reason: str | None = await superuser.fetchval(
        "SELECT end_reason FROM sessions WHERE id = $1::uuid AND ended_at IS NOT NULL", session_of(token)
    )
    return reason


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


async def test_the_direct_parent_gets_the_same_successor_within_the_grace(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """Two tabs, or a lost answer."""
    parent = (await signed_in())["refresh_token"]
    successors = [(await refresh(client, parent)).json()["refresh_token"] for _ in range(3)]
    assert len(set(successors)) == 1
    assert await ending(superuser, parent) is None
    assert (await refresh(client, successors[0])).status_code == 200


async def test_without_a_grace_the_parent_ends_the_session_for_good(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection, settings: Settings
) -> None:
    """S-24: the ending is committed although the request is refused."""
    parent = (await signed_in())["refresh_token"]
    async with running(settings.model_copy(update={"refresh_grace": timedelta(0)})) as app, client_of(app) as strict:
        child = (await refresh(strict, parent)).json()["refresh_token"]
        assert spent(await refresh(strict, parent))
        assert await ending(superuser, parent) == "refresh token reused"
        assert spent(await refresh(strict, child))
    assert spent(await refresh(client, child))


async def grace_is_over(superuser: Connection, token: str) -> None:
    await superuser.execute(
        "UPDATE sessions SET rotated_at = rotated_at - interval '11 s', reissued_at = reissued_at - interval '11 s'"
        " WHERE id = $1::uuid",
        session_of(token),
    )


async def renewed(client: AsyncClient, token: str) -> str:
    reply = await refresh(client, token)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["refresh_token"])


async def test_the_parent_of_a_successor_that_was_never_used_comes_again_late_three_times(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """The answer was lost, perhaps because the device slept; so were the next ones, also of its successor."""
    token = (await signed_in())["refresh_token"]
    for _ in range(3):
        parent, lost = token, set()
        for _ in range(3):
            lost.add(await renewed(client, parent))
            await grace_is_over(superuser, parent)
        token = await renewed(client, parent)
        assert len(lost) == 3
        assert token not in lost
        assert await renewed(client, parent) == token, "within the grace it is no further time"
    assert await ending(superuser, token) is None


async def test_a_thief_who_only_ever_repeats_the_parent_is_noted_each_time_and_ends_the_session(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-24: no successor is ever used, so only the number of repetitions reveals the thief."""
    parent = (await signed_in())["refresh_token"]
    await renewed(client, parent)
    for _ in range(3):
        await grace_is_over(superuser, parent)
        successor = await renewed(client, parent)
    await grace_is_over(superuser, parent)
    assert spent(await refresh(client, parent))
    assert await ending(superuser, parent) == "refresh token reused"
    assert spent(await refresh(client, successor))
    lines = await superuser.fetch(
        "SELECT action, actor, ip FROM audit_events WHERE detail->>'session' = $1 AND action LIKE 'refresh-token-%'"
        " ORDER BY id",
        str(UUID(session_of(parent))),
    )
    assert [line["action"] for line in lines] == ["refresh-token-reissued"] * 3 + ["refresh-token-reused"]
    assert all(line["actor"] == "anonymous" and line["ip"] for line in lines)


async def test_a_parent_that_comes_again_does_not_put_off_the_end_by_idleness(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """Only the use of a successor moves it."""
    back = "UPDATE sessions SET rotated_at = rotated_at - $2::interval WHERE id = $1::uuid"
    for uses_it, status in ((False, 400), (True, 200)):
        token = parent = (await signed_in())["refresh_token"]
        await renewed(client, parent)
        await superuser.execute(back, session_of(parent), timedelta(days=6, hours=23))
        successor = await renewed(client, parent)
        if uses_it:
            token = successor = await renewed(client, successor)
        await superuser.execute(back, session_of(parent), timedelta(hours=2))
        assert [(await refresh(client, each)).status_code for each in (token, successor)] == [status] * 2


async def test_after_the_grace_the_parent_gets_one_new_successor_for_the_next_grace(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """By the database's clock."""
    parent = (await signed_in())["refresh_token"]
    first = await renewed(client, parent)
    await grace_is_over(superuser, parent)
    again = {await renewed(client, parent) for _ in range(3)}
    assert len(again) == 1
    assert first not in again


async def test_a_parent_whose_successor_was_used_ends_the_session(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-24: also if that was a reissued successor."""
    for late in (False, True):
        parent = (await signed_in())["refresh_token"]
        child = await renewed(client, parent)
        if late:
            await grace_is_over(superuser, parent)
            child = await renewed(client, parent)
        grandchild = await renewed(client, child)
        assert spent(await refresh(client, parent))
        assert await ending(superuser, parent) == "refresh token reused"
        assert spent(await refresh(client, grandchild))


async def test_a_successor_that_was_not_lost_but_made_void_ends_the_session(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-24: its holder is not the one who repeated its parent."""
    parent = (await signed_in())["refresh_token"]
    void = await renewed(client, parent)
    await grace_is_over(superuser, parent)
    child = await renewed(client, parent)
    assert spent(await refresh(client, void))
    assert await ending(superuser, parent) == "refresh token reused"
    assert spent(await refresh(client, child))


@pytest.mark.parametrize("thief_is_first", [True, False])
async def test_a_thief_and_the_owner_who_take_turns_are_seen_at_the_third_use(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection, thief_is_first: bool
) -> None:
    """S-24: both have the same token, and each waits until its own access token has nearly expired."""
    token = (await signed_in())["refresh_token"]
    has = {"thief": token, "owner": token}
    turns = ("thief", "owner") if thief_is_first else ("owner", "thief")
    for who in turns:
        has[who] = await renewed(client, has[who])
        await grace_is_over(superuser, token)
    assert spent(await refresh(client, has[turns[0]]))
    assert await ending(superuser, token) == "refresh token reused"
    assert spent(await refresh(client, has[turns[1]]))
    noted = "SELECT count(*) FROM audit_events WHERE action = 'refresh-token-reused' AND detail->>'session' = $1"
    assert await superuser.fetchval(noted, str(UUID(session_of(token)))) == 1


async def test_a_reissued_generation_that_the_release_before_steps_past_counts_no_more(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """It knows only generations, and both releases run at once during a rollout."""
    parent = (await signed_in())["refresh_token"]
    await refresh(client, parent)
    await grace_is_over(superuser, parent)
    token = await renewed(client, parent)
    await superuser.execute("UPDATE sessions SET generation = generation + 1 WHERE id = $1::uuid", session_of(parent))
    await grace_is_over(superuser, parent)
    assert await renewed(client, token)
    assert spent(await refresh(client, parent))


async def test_a_grandparent_ends_the_session_even_within_the_grace(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-24"""
    grandparent = (await signed_in())["refresh_token"]
    parent = (await refresh(client, grandparent)).json()["refresh_token"]
    child = (await refresh(client, parent)).json()["refresh_token"]
    assert spent(await refresh(client, grandparent))
    assert await ending(superuser, grandparent) == "refresh token reused"
    assert spent(await refresh(client, child))


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


@pytest.mark.parametrize("grace", [timedelta(seconds=10), timedelta(0)], ids=["grace", "no grace"])
async def test_twenty_uses_at_once_never_make_two_children(
    signed_in: SignedIn, settings: Settings, superuser: Connection, grace: timedelta
) -> None:
    """S-25"""
    token = (await signed_in())["refresh_token"]
    async with running(settings.model_copy(update={"refresh_grace": grace})) as app, client_of(app) as client:
        replies = await asyncio.gather(*(refresh(client, token) for _ in range(20)))
    children = [reply.json()["refresh_token"] for reply in replies if reply.status_code == 200]
    assert all(reply.status_code == 200 or spent(reply) for reply in replies)
    assert len(children) == 20 if grace else len(children) <= 1
    assert len(set(children)) <= 1
    generation = await superuser.fetchval("SELECT generation FROM sessions WHERE id = $1::uuid", session_of(token))
    assert generation <= 2


async def test_twenty_late_uses_of_a_parent_at_once_make_one_new_successor(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-25"""
    token = (await signed_in())["refresh_token"]
    await refresh(client, token)
    await grace_is_over(superuser, token)
    replies = await asyncio.gather(*(refresh(client, token) for _ in range(20)))
    (child,) = {reply.json()["refresh_token"] for reply in replies}
    assert await superuser.fetchval("SELECT generation FROM sessions WHERE id = $1::uuid", session_of(token)) == 3
    assert await renewed(client, child)


async def test_a_late_parent_and_its_successor_used_at_once_never_make_two_children(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-25: whichever is first, the other is seen as the second hand, or both as one."""
    for _ in range(5):
        parent = (await signed_in())["refresh_token"]
        child = await renewed(client, parent)
        await grace_is_over(superuser, parent)
        replies = await asyncio.gather(refresh(client, parent), refresh(client, child))
        assert sorted(reply.status_code for reply in replies) == [200, 400]
        assert await ending(superuser, parent) == "refresh token reused"
        (given,) = [reply.json()["refresh_token"] for reply in replies if reply.status_code == 200]
        assert spent(await refresh(client, given))


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
