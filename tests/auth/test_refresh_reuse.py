"""A refresh token that is used again: a lost answer gets a successor, a thief ends the session (S-24)."""

from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.conftest import Connection, SignedIn, client_of, refresh, running
from tests.auth.refreshing import ending, grace_is_over, renewed, session_of, spent


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
