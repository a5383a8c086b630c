# file: only with posts
"""Reads all data back, and compares them with the ledger: lost = dup = ghost = torn = 0."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.conftest import LocalStack, Person
from tests.system.ledger import Ledger, Verdict

CONSUMERS: Final = ("users", "posts")
DELIVERED_WITHIN: Final = 30.0
TRIES: Final = 3


async def items(client: AsyncClient, path: str, headers: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """All items of a list, page by page."""
    url = f"{path}{'&' if '?' in path else '?'}limit=100"
    while url:
        page = await client.get(url, headers=headers)
        assert page.status_code == 200, f"{url}: {page.status_code} {page.text}"
        for item in page.json()["items"]:
            yield item
        url = page.links["next"]["url"] if page.links else ""


async def judge(stack: LocalStack, client: AsyncClient, people: Sequence[Person], ledger: Ledger) -> Verdict:
    """After all events are delivered: the visible data, and each service's read models."""
    late: list[str] = []
    await until_told(stack, late)
    verdict = await read_back(client, people, ledger)
    verdict.torn += late
    await compare_read_models(stack, verdict)
    return verdict


async def read_back(client: AsyncClient, people: Sequence[Person], ledger: Ledger) -> Verdict:
    """Differences for all actions of these people. All their posts and edges must be from this ledger."""
    verdict = Verdict(signed_out=ledger.signed_out)
    await compare_posts(client, people, ledger, verdict)
    await compare_comments(client, people, ledger, verdict)
    await compare_people(client, people, ledger, verdict)
    await compare_likes(client, people, ledger, verdict)
    return verdict


async def compare_posts(client: AsyncClient, people: Sequence[Person], ledger: Ledger, verdict: Verdict) -> None:
    found: dict[tuple[int, str], list[int]] = {}
    for person in people:
        async for post in items(client, f"/posts?author_id={person.id}", person.headers):
            found.setdefault((person.id, post["title"]), []).append(post["id"])
    ledger.compare_created("/posts", found, verdict)
    counts = Counter(author for (author, _), ids in found.items() for _ in ids)
    ends_at = time.monotonic() + DELIVERED_WITHIN
    for person in people:
        while (count := (await profile(client, person))["posts_count"]) != counts[person.id]:
            if time.monotonic() > ends_at:
                verdict.torn.append(f"{person.name} has {counts[person.id]} posts, and the profile says {count}")
                break
            await asyncio.sleep(0.1)  # posts sends it to users by an event


async def compare_comments(client: AsyncClient, people: Sequence[Person], ledger: Ledger, verdict: Verdict) -> None:
    for path in sorted({one.path for one in ledger.creations} - {"/posts"}):
        found: dict[tuple[int, str], list[int]] = {}
        async for comment in items(client, path, people[0].headers):
            found.setdefault((comment["author"]["id"], comment["body"]), []).append(comment["id"])
        ledger.compare_created(path, found, verdict)
        count = (await client.get(path.removesuffix("/comments"))).json()["comments_count"]
        if count != sum(len(ids) for ids in found.values()):
            verdict.torn.append(f"{path}: {sum(len(ids) for ids in found.values())}, and the post says {count}")


async def compare_people(client: AsyncClient, people: Sequence[Person], ledger: Ledger, verdict: Verdict) -> None:
    """Profiles and follows, from both ends."""
    for person in people:
        shown = await profile(client, person)
        lists = {
            kind: [one["id"] async for one in items(client, f"/users/{person.id}/{kind}", person.headers)]
            for kind in ("followers", "following")
        }
        for kind, ids in lists.items():
            if shown[f"{kind}_count"] != len(ids):
                verdict.torn.append(f"{person.name}: {len(ids)} {kind}, and the profile says {shown[f'{kind}_count']}")
        ledger.compare_changes(("bio", person.id, 0), await version(client, person) - 1, verdict)
        for name in ledger.writes:
            if name[:2] == ("bio", person.id):
                ledger.compare_value(name, shown["bio"], verdict)
            if name[:2] == ("follow", person.id):
                ledger.compare_value(name, name[2] in lists["following"], verdict)


async def compare_likes(client: AsyncClient, people: Sequence[Person], ledger: Ledger, verdict: Verdict) -> None:
    for post in sorted({name[2] for name in ledger.writes if name[0] == "like"}):
        likes = 0
        for person in people:
            shown = (await client.get(f"/posts/{post}", headers=person.headers)).json()
            likes += shown["liked"]
            if ("like", person.id, post) in ledger.writes:
                ledger.compare_value(("like", person.id, post), shown["liked"], verdict)
        if shown["likes_count"] != likes:
            verdict.torn.append(f"post {post}: {likes} likes, and it says {shown['likes_count']}")


async def profile(client: AsyncClient, person: Person) -> dict[str, Any]:
    shown: dict[str, Any] = (await client.get(f"/users/{person.id}", headers=person.headers)).json()
    return shown


async def version(client: AsyncClient, person: Person) -> int:
    """The profile's version: incremented by each change."""
    reply = await client.get(f"/users/{person.id}", headers=person.headers)
    return int(reply.headers["ETag"].strip('W/"').partition("-")[0])


async def told_all(stack: LocalStack) -> bool:
    """Whether all outboxes are empty, without waiting or parked events."""
    commands = [asyncio.to_thread(stack.run, "run", service, "outbox", "status") for service in STARTED]
    return all(one.returncode == 0 and len(one.stdout.splitlines()) == 1 for one in await asyncio.gather(*commands))


async def until_told(stack: LocalStack, late: list[str]) -> None:
    """Wait until all events are delivered; adds to `late` if that takes too long."""
    began = time.monotonic()
    while not await told_all(stack):
        if time.monotonic() - began > DELIVERED_WITHIN:
            late.append("events are not delivered")
            return


async def compare_read_models(stack: LocalStack, verdict: Verdict) -> None:
    """Compare each service's read models with their owners."""
    for service in CONSUMERS:
        for _ in range(TRIES):  # a timeout on a busy machine is no difference
            compared = await asyncio.to_thread(stack.run, "run", service, "reconcile")
            if " differ" in compared.stdout:
                break
        if compared.returncode != 0:
            verdict.torn.append(f"{service}: {compared.stdout}{compared.stderr}")
