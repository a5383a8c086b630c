"""R-08: network partitions between services, in one or both directions, while people use them."""

import asyncio
import base64
import json
import secrets
import time

import pytest
from httpx import AsyncClient

from tests.system.conftest import Meet, Person
from tests.system.faults.network.conftest import SECONDS, LinkedStack, until
from tests.system.faults.network.link import CUT, Trouble
from tests.system.faults.report import Report
from tests.system.load import Load

USERS, AUTH = (("posts", "users"), ("users", "posts")), (("posts", "auth"), ("auth", "posts"))
LOST = Trouble(holds_answers=True)
CASES = {
    "posts and users cut apart": (CUT, USERS, ("users", "posts")),
    "posts and auth cut apart": (CUT, AUTH, ("auth", "posts")),
    "answers from posts are lost": (LOST, (USERS[1], AUTH[1]), ("users", "posts")),
}


def with_unknown_key(person: Person) -> str:
    _, claims, signature = person.tokens["access_token"].split(".")
    header = json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": "unknown"}).encode()
    return f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.{claims}.{signature}"


async def shown(linked: LinkedStack, teller: str, target: str, since: float, somebody: Person) -> bool:
    """R-30: the metrics show that a target cannot be reached, and for how long.

    A token with an unknown key is refused, and makes posts request auth's keys, at most every 5 s.
    """
    unknown = {"Authorization": f"Bearer {with_unknown_key(somebody)}"}
    assert (await linked.gateway.get("/posts/drafts", headers=unknown)).status_code == 401
    failures = await linked.shows(teller, "relay_failures", target=target)
    age = await linked.shows(teller, "outbox_oldest_seconds", target=target)
    keys = teller != "auth" or linked.logged("posts", "key set not fetched", since)
    return failures >= 1 and age >= 1 and keys


async def name_of(gateway: AsyncClient, post_id: int) -> str:
    name: str = (await gateway.get(f"/posts/{post_id}")).json()["author"]["name"]
    return name


@pytest.mark.faults
@pytest.mark.parametrize("case", CASES)
async def test_a_partition_costs_nobody_a_request_and_is_made_up_for(
    linked: LinkedStack, gateway: AsyncClient, meet: Meet, people: list[Person], report: Report, case: str
) -> None:
    """Reads, writes and checks of tokens continue; events arrive within 30 s after the partition."""
    trouble, ways, (teller, target) = CASES[case]
    ada, _, alan, leaver, grace = people
    new = {"title": "before", "body": "b"}
    before = (await gateway.post("/posts", json=new, headers=ada.headers)).json()["id"]
    load = Load(linked.stack.url, 1.0)
    since, cut_at = time.time(), time.monotonic()
    linked.suffer(trouble, *ways)
    async with load.on(people[:2]):
        newcomer = await meet("Newcomer")  # posts can learn of this person from one of the two
        first = await gateway.post("/posts", json=new, headers=newcomer.headers)
        assert first.status_code == 201
        renamed = f"Countess {secrets.token_hex(4)}"
        assert (await gateway.patch("/users/me", json={"name": renamed}, headers=alan.headers)).status_code == 200
        written = (await gateway.post("/posts", json=new, headers=alan.headers)).json()["id"]
        assert (await gateway.put(f"/users/{alan.id}/follow", headers=grace.headers)).status_code == 204
        assert (await gateway.post("/auth/revoke", data={"token": leaver.tokens["refresh_token"]})).status_code == 200
        await until("it shows", lambda: shown(linked, teller, target, since, ada), 30)
        seen = time.monotonic() - cut_at
        await asyncio.sleep(max(0.0, since + SECONDS - time.time()))
    assert load.failed == []
    linked.heal()

    async def converged() -> bool:
        followed = (await gateway.get("/posts/feed", headers=grace.headers)).json()["items"]
        counted = (await gateway.get(f"/users/{alan.id}")).json()["posts_count"]
        return (
            await name_of(gateway, written) == renamed
            and await name_of(gateway, first.json()["id"]) == "Newcomer"
            and (await gateway.get("/posts/drafts", headers=leaver.headers)).status_code == 401
            and written in [post["id"] for post in followed]
            and counted == 1
            and await linked.all_told()
        )

    seconds = await until("all know the same again", converged)
    assert await name_of(gateway, before) == ada.name
    report.fault(
        row="R-08",
        fault=f"{case} for {SECONDS:.0f} s",
        recovery_s=seconds,
        seen=dict.fromkeys(("`relay_failures`", "`outbox_oldest_seconds`"), seen),
        verdict=f"0 of {len(load.outcomes)} requests failed",
    )
