"""Admins find accounts: `GET /auth/accounts`."""

import secrets
from typing import Any

from httpx import AsyncClient

from auth.services.records import Role
from tests.auth.conftest import Join, Manage, patch


async def test_accounts_are_found_by_part_of_name_or_address_by_id_status_and_role(
    client: AsyncClient, join: Join, manage: Manage
) -> None:
    admin, one, other = await join(Role.admin), await join(Role.moderator), await join()
    await patch(client, admin, other.id, status="disabled")
    word = secrets.token_hex(6)
    person = {
        "email": f"{word}@example.com",
        "password": secrets.token_urlsafe(16),
        "name": f"Grace 100%_{word} Hopper",
    }
    grace = (await client.post("/auth/register", json=person)).json()["id"]

    async def found(**params: Any) -> list[int]:
        reply = await client.get("/auth/accounts", params={"limit": 100, **params}, headers=admin.headers)
        assert reply.status_code == 200, reply.text
        return [item["id"] for item in reply.json()["items"]]

    for q in (word, word[2:9].upper(), f"{word}@exa", f"100%_{word}", str(grace)):
        assert await found(q=q) == [grace], q
    for nobody in (f"100__{word}", f"%{word}", f"{word}\\", str(10**17), "7" * 99):
        assert await found(q=nobody) == []
    for q in ("9" * 16, "9" * 17, "0" * 17 + "9" * 30):  # larger than any id
        assert await found(q=q) == []
    assert await found(q=one.person.email, role="moderator") == [one.id]
    assert await found(q=one.person.email, role="admin") == []
    assert other.id in await found(status="disabled")
    assert other.id not in await found(status="active")
    everybody = await found()
    assert everybody == sorted(everybody, reverse=True)
    for params in (
        {"q": "ab"},
        {"q": "a" * 101},
        {"q": "a\0bc"},
        {"role": "root"},
        {"status": "gone"},
        {"cursor": "x"},
    ):
        assert (await client.get("/auth/accounts", params=params, headers=admin.headers)).status_code == 422


async def test_pages_of_accounts_hold_each_once(client: AsyncClient, join: Join) -> None:
    admin = await join(Role.admin)
    for _ in range(4):
        await join()
    walked: list[int] = []
    url: str | None = "/auth/accounts?limit=3"
    while url:
        reply = await client.get(url, headers=admin.headers)
        walked += [item["id"] for item in reply.json()["items"]]
        url = reply.links["next"]["url"] if "next" in reply.links else None
    whole = await client.get("/auth/accounts?limit=100", headers=admin.headers)
    assert walked[: len(whole.json()["items"])] == [item["id"] for item in whole.json()["items"]]
    assert len(set(walked)) == len(walked)
