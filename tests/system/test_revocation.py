"""Signing out, with real processes: each of the services, through the gateway."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from httpx import AsyncClient, Response

from common.tokens.scopes import KEY_SCOPES
from tests.system.conftest import LocalStack, Meet, Person
from tests.timing import Within, also_timed
from tests.waiting import eventually

pytestmark = pytest.mark.stack
Act = Callable[[AsyncClient, Person, Person], Awaitable[Response]]
PATHS = [
    "/auth/me",
    "/users/me",
    "/posts/drafts",  # only with posts
]


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


async def exchange(gateway: AsyncClient, key: str) -> Response:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": key,
        "subject_token_type": "urn:trivium:token-type:api-key",
    }
    return await gateway.post("/auth/token", data=form)


@also_timed
async def test_a_revoked_api_keys_token_is_refused_everywhere_within_five_seconds(
    gateway: AsyncClient, meet: Meet, within: Within
) -> None:
    """S-26"""
    ada = await meet("Ada")
    own = {"Authorization": f"Bearer {ada.tokens['access_token']}"}
    wanted = {"name": "nightly import", "scopes": [*KEY_SCOPES]}
    made = (await gateway.post("/auth/keys", json=wanted, headers=own)).json()
    token = (await exchange(gateway, made["key"])).json()["access_token"]
    with within(5):
        await refused_everywhere_after(gateway, token, lambda: gateway.delete(f"/auth/keys/{made['id']}", headers=own))
    assert await statuses(gateway, ada.tokens["access_token"]) == {200}


@pytest.fixture
async def root(local_stack: LocalStack, gateway: AsyncClient, meet: Meet) -> Person:
    """An admin."""
    root = await meet("Root")
    granted = local_stack.run("run", "auth", "grant-role", root.email, "admin")
    assert granted.returncode == 0, granted.stderr
    form = {"username": root.email, "password": root.password}
    return replace(root, tokens=(await gateway.post("/auth/token", data=form)).json())


async def sign_out_everywhere(gateway: AsyncClient, ada: Person, root: Person) -> Response:
    return await gateway.delete(f"/auth/accounts/{ada.id}/sessions", headers=root.headers)


async def disable(gateway: AsyncClient, ada: Person, root: Person) -> Response:
    return await gateway.patch(f"/auth/accounts/{ada.id}", json={"status": "disabled"}, headers=root.headers)


async def delete(gateway: AsyncClient, ada: Person, root: Person) -> Response:
    return await gateway.post("/auth/account/deletion", json={"password": ada.password}, headers=ada.headers)


@also_timed
@pytest.mark.parametrize("act", [sign_out_everywhere, disable, delete], ids=lambda act: act.__name__)
async def test_the_keys_of_who_is_signed_out_disabled_or_gone_are_refused_everywhere_within_five_seconds(
    gateway: AsyncClient, meet: Meet, root: Person, act: Act, within: Within
) -> None:
    """S-65: tokens of the key as of the session, and the key itself."""
    ada = await meet("Ada")
    wanted = {"name": "nightly import", "scopes": [*KEY_SCOPES]}
    key = (await gateway.post("/auth/keys", json=wanted, headers=ada.headers)).json()["key"]
    token = (await exchange(gateway, key)).json()["access_token"]

    async def end() -> None:
        reply = await act(gateway, ada, root)
        assert reply.is_success, reply.text
        assert (await exchange(gateway, key)).status_code == 400, "at once"

    with within(5):
        await refused_everywhere_after(gateway, token, end)
        assert await statuses(gateway, ada.tokens["access_token"]) == {401}
