"""Signing out, with real processes: each of the three services, through the gateway."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from tests.system.conftest import Meet
from tests.timing import Within, also_timed
from tests.waiting import eventually

pytestmark = pytest.mark.stack
PATHS = ("/auth/me", "/users/me", "/posts/drafts")


async def statuses(gateway: AsyncClient, token: str) -> set[int]:
    """The services' answers to a token; posts has two processes, so each service is called more than once."""
    headers = {"Authorization": f"Bearer {token}"}
    replies = await asyncio.gather(*(gateway.get(path, headers=headers) for path in PATHS * 3))
    return {reply.status_code for reply in replies}


async def refused_everywhere_after(gateway: AsyncClient, token: str, act: Callable[[], Awaitable[object]]) -> float:
    """Seconds from an action until every service refuses a formerly valid token."""
    assert await statuses(gateway, token) == {200}
    await act()
    since = time.monotonic()

    async def is_refused() -> bool:
        return await statuses(gateway, token) == {401}

    await eventually(is_refused, pause=0.05)
    return time.monotonic() - since


@also_timed
async def test_a_signed_out_token_is_refused_everywhere_within_five_seconds(
    gateway: AsyncClient, meet: Meet, within: Within
) -> None:
    """S-26"""
    ada, grace = await meet("Ada"), await meet("Grace")
    with within(5):
        await refused_everywhere_after(
            gateway,
            ada.tokens["access_token"],
            lambda: gateway.post("/auth/revoke", data={"token": ada.tokens["refresh_token"]}),
        )
    assert await statuses(gateway, grace.tokens["access_token"]) == {200}


@also_timed
async def test_a_revoked_api_keys_token_is_refused_everywhere_within_five_seconds(
    gateway: AsyncClient, meet: Meet, within: Within
) -> None:
    """S-26"""
    ada = await meet("Ada")
    own = {"Authorization": f"Bearer {ada.tokens['access_token']}"}
    wanted = {"name": "nightly import", "scopes": ["auth:read", "users:read", "posts:read"]}
    made = (await gateway.post("/auth/keys", json=wanted, headers=own)).json()
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": made["key"],
        "subject_token_type": "urn:trivium:token-type:api-key",
    }
    token = (await gateway.post("/auth/token", data=form)).json()["access_token"]
    with within(5):
        await refused_everywhere_after(gateway, token, lambda: gateway.delete(f"/auth/keys/{made['id']}", headers=own))
    assert await statuses(gateway, ada.tokens["access_token"]) == {200}
