"""The RealWorld contract through the gateway, by one client after another, without waits or repetitions.

These are the tests of tests/conduit, which run there without any event. Here events, two processes of conduit, a
gateway and HTTP are in between. With CONDUIT_URL they run against any server of that API.
"""

import time
from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from tests.conduit.conftest import NewPerson, Person, unique
from tests.conduit.test_articles import *  # noqa: F403
from tests.conduit.test_users import *  # noqa: F403
from tests.waiting import eventually

pytestmark = pytest.mark.stack
JSON = "application/json; charset=utf-8"


async def test_a_whole_run_of_a_collection_is_not_throttled(client: AsyncClient, new_person: NewPerson) -> None:
    """Section 7 of the contract: from one address, within seconds."""
    people = [await new_person() for _ in range(21)]
    for person in people[:4]:
        login = {"user": {"email": person.email, "password": "password123"}}
        assert (await client.post("/api/users/login", json=login)).status_code == 200
    for number in range(20):
        changed = await people[0].send("PUT", "/user", user={"bio": f"bio {number}", "username": unique("updated")})
        assert changed.json()["user"]["bio"] == f"bio {number}"
    for _ in range(16):
        await people[0].publish()


async def test_every_answer_is_json_with_its_charset(client: AsyncClient, new_person: NewPerson) -> None:
    ada = await new_person()
    for path in ("/api/articles", "/api/tags", "/api/articles/unknown", "/api/user", "/api/nothing", "/api"):
        assert (await client.get(path)).headers["content-type"] == JSON, path
    assert (await ada.send("GET", "/user")).headers["content-type"] == JSON


async def refused_after(person: Person, act: Callable[[], Awaitable[object]]) -> float:
    """Seconds from an action until the person's token is refused for good."""
    assert (await person.send("GET", "/user")).status_code == 200
    await act()
    since = time.monotonic()

    async def is_refused() -> bool:
        replies = [await person.send("GET", "/articles/feed") for _ in range(4)]  # by each process of conduit
        return {reply.status_code for reply in replies} == {401}

    await eventually(is_refused, pause=0.05)
    return time.monotonic() - since


async def test_another_password_ends_the_other_sessions_and_not_its_own(
    client: AsyncClient, new_person: NewPerson
) -> None:
    """S-26: revocation holds here as everywhere; `make timing` promises the seconds."""
    ada = await new_person()
    login = {"user": {"email": ada.email, "password": "password123"}}
    told = (await client.post("/api/users/login", json=login)).json()["user"]
    other = Person(client, ada.name, ada.email, told["token"])

    async def change() -> None:
        assert (await ada.send("PUT", "/user", user={"password": "another password"})).status_code == 200
        assert (await ada.send("GET", "/user")).status_code == 200  # at once

    assert await refused_after(other, change) < 5
    assert (await ada.send("GET", "/user")).status_code == 200


async def test_the_gateways_own_refusals_have_the_same_form(client: AsyncClient) -> None:
    reply = await client.get("/api/articles", headers={"X-Long": "x" * 17_000})
    assert reply.status_code == 431
    assert isinstance(reply.json()["errors"], dict)
    too_large = await client.post("/api/users", json={"user": {"username": "x" * 2_000_000}})
    assert too_large.status_code == 413
    assert isinstance(too_large.json()["errors"], dict)
    broken = await client.post("/api/users", content=b"{", headers={"Content-Type": "text/plain"})
    assert broken.status_code == 415
    assert isinstance(broken.json()["errors"], dict)
