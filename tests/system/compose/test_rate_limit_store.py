"""The store of rate limits in containers: two replicas of posts count together, and what they do when it is killed.

It needs the store's image, as docker-compose.yml names it.
"""

import asyncio
import os
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest
from httpx import AsyncClient

from tests.system.compose.conftest import ComposeStack, note, until
from tests.system.conftest import Person, sign_up

pytestmark = pytest.mark.compose

LIMIT: Final = 40
"""Requests a minute of one person at posts. A test of one limit takes seconds, so one window."""
MANY: Final = 3 * LIMIT
ONLY_POSTS: Final = f"services: {{posts: {{environment: {{RATE_LIMITS: 'true', RATE_LIMIT_GENERAL: '{LIMIT}'}}}}}}"
STORE: Final = "rate-limit-store"


@pytest.fixture(scope="module", params=["open", "closed"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """Named by what posts does while the store is away."""
    override = tmp_path_factory.mktemp("limited") / "limits.yml"
    override.write_text(ONLY_POSTS)
    settings = {
        "COMPOSE_PROFILES": "rate-limits",
        "RATE_LIMIT_STORE": f"valkey://{STORE}:6379",
        "RATE_LIMIT_STORE_FAILS": request.param,
        "REPLICAS": "2",
    }
    stack = ComposeStack(f"trivium-limited-{os.getpid()}", [override], settings)
    try:
        stack.up("--scale", "posts=2")
        yield stack
    finally:
        stack.down()


@pytest.fixture
async def gateway(stack: ComposeStack) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=stack.url, timeout=30, trust_env=False) as client:
        yield client


async def asked(gateway: AsyncClient, person: Person, times: int = MANY) -> Counter[int]:
    """The statuses of as many requests of one person, ten at a time."""
    found: Counter[int] = Counter()
    for _ in range(times // 10):
        replies = await asyncio.gather(*(gateway.get("/posts?limit=1", headers=person.headers) for _ in range(10)))
        found.update(reply.status_code for reply in replies)
    return found


def served_by_each(stack: ComposeStack) -> list[int]:
    """Lines about requests in the log of each replica."""
    return [stack.run("docker", "logs", one).count('"/posts"') for one in stack.containers("posts")]


async def test_two_replicas_count_together(stack: ComposeStack, gateway: AsyncClient) -> None:
    """S-12: exactly the limit, although both serve. Another person has their own."""
    for person in [await sign_up(gateway, name) for name in ("Ada", "Grace")]:
        assert await asked(gateway, person) == {200: LIMIT, 429: MANY - LIMIT}
    served = served_by_each(stack)
    assert len(served) == 2
    assert all(served), served
    note(what="limit counted over two replicas", limit=LIMIT, requests=2 * MANY, served_by_each=served)


async def test_without_the_store_it_does_what_the_setting_says(stack: ComposeStack, gateway: AsyncClient) -> None:
    """S-12. open: each replica counts for itself; closed: nothing is served, but probes are."""
    fails = stack.settings["RATE_LIMIT_STORE_FAILS"]
    ada, grace = [await sign_up(gateway, name) for name in ("Ada", "Grace")]
    await asyncio.to_thread(stack.compose, "kill", STORE)  # Docker does not restart it after that
    found = await asked(gateway, ada)
    if fails == "open":
        assert found.keys() == {200, 429}
        assert LIMIT < found[200] <= 2 * LIMIT
    else:
        assert found == {503: MANY}
        reply = await gateway.get("/posts", headers=ada.headers)
        assert (reply.json()["code"], "retry-after" in reply.headers) == ("rate-limits-unavailable", True)
    assert stack.compose("ps", "--format", "{{.Health}}", "posts").split() == ["healthy"] * 2
    await asyncio.to_thread(stack.compose, "start", STORE)
    back = await until_counted_together(gateway)
    assert await asked(gateway, grace) == {200: LIMIT, 429: MANY - LIMIT}
    note(
        what="store killed and started again",
        fails=fails,
        meanwhile=dict(found),
        counted_together_after_s=round(back, 1),
    )


async def until_counted_together(gateway: AsyncClient) -> float:
    """The seconds until somebody new is served exactly as often as the limit says."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while await asked(gateway, await sign_up(gateway, secrets.token_hex(4))) != {200: LIMIT, 429: MANY - LIMIT}:
        assert loop.time() - began < 60
    return loop.time() - began


async def test_a_crash_of_the_store_is_over_in_seconds(stack: ComposeStack, gateway: AsyncClient) -> None:
    """R-02: Docker starts it again; its windows begin anew."""
    os.kill(stack.pid(STORE), signal.SIGKILL)
    await asyncio.sleep(0.5)
    back = until(f"{stack.url}/posts", 200, 10) + await until_counted_together(gateway)
    note(what="store crashed", fails=stack.settings["RATE_LIMIT_STORE_FAILS"], counted_together_after_s=round(back, 1))
