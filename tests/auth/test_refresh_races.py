"""Uses of refresh tokens at once never make two successors (S-25)."""

import asyncio
from datetime import timedelta

import pytest
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.conftest import Connection, SignedIn, client_of, refresh, running
from tests.auth.refreshing import ending, grace_is_over, renewed, session_of, spent


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
