# file: only with posts
"""Each service's clock is wrong, and jumps at run time: users do not notice, operators do (R-24).

`make faults` has SKEWS="5 -5 60 -60 288 -288"; .ci/run is shorter. Here all services use the clock of one database
server. tests/common/test_token_cache.py tests two different ones.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from tests.benchmarks.house import House
from tests.system.faults.faketime import FakeTime, libfaketime
from tests.system.faults.metrics import sample
from tests.system.faults.report import Report

SKEWS = [int(word) for word in os.environ.get("SKEWS", "-60 288").split()]
LONG_FORM = 3
"""From this number of skews on, the test also waits until a token has expired."""
LIFETIME = 30.0
"""Lifetime of access tokens in seconds: auth's minimum."""
LEEWAY = 5.0
NOTICED_WITHIN = 30.0
PASSWORD = "seven brave tin spoons"


class Somebody:
    """A person who signs up and uses all three services directly."""

    def __init__(self, auth: AsyncClient, users: AsyncClient, posts: AsyncClient) -> None:
        self.auth, self.users, self.posts = auth, users, posts
        self.email = f"{secrets.token_hex(8)}@example.com"

    async def sign_up(self) -> None:
        new = {"email": self.email, "password": PASSWORD, "name": "Ada"}
        assert (await self.auth.post("/auth/register", json=new)).status_code == 201

    async def sign_in(self) -> dict[str, str]:
        reply = await self.auth.post("/auth/token", data={"username": self.email, "password": PASSWORD})
        assert reply.status_code == 200, reply.text
        tokens: dict[str, str] = reply.json()
        return tokens

    async def use_all(self, token: str) -> list[Response]:
        """Read from each service, and write a post."""
        headers = {"Authorization": f"Bearer {token}"}
        return [
            await self.auth.get("/auth/me", headers=headers),
            await self.users.get("/users/me", headers=headers),
            await self.posts.get("/posts/drafts", headers=headers),
            await self.posts.post("/posts", json={"title": "t", "body": "b"}, headers=headers),
        ]

    async def refused_everywhere(self, token: str, within: float) -> None:
        ends_at = time.monotonic() + within
        while {reply.status_code for reply in await self.use_all(token)} != {401}:
            assert time.monotonic() < ends_at
            await asyncio.sleep(0.2)


async def seen(url: str, skew: int) -> float:
    """Seconds until the service's metrics show the skew."""
    began = time.monotonic()
    while abs(await sample(url, "clock_skew_seconds") - skew) > 1:
        assert time.monotonic() - began < NOTICED_WITHIN
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path / "house") as house:
        yield house


@pytest.mark.faults
async def test_a_wrong_clock_fails_no_request_lets_no_old_token_in_and_is_told(
    house: House, tmp_path: Path, report: Report
) -> None:
    """R-24, R-30. Stricter than the row: no 401 either, since no service uses its own clock."""
    library = libfaketime()
    if library is None:
        report.fault(row="R-24", fault="a service's clock wrong", times=0, verdict="not tried: libfaketime is not here")
        return
    clocks = {name: FakeTime(library, tmp_path / f"{name}.time") for name in ("auth", "users", "posts")}
    life = {"ACCESS_TTL": str(LIFETIME)}
    urls = {name: house.start_service(name, **clock.environment, **life) for name, clock in clocks.items()}
    async with (
        AsyncClient(base_url=urls["auth"], trust_env=False, timeout=10) as auth,
        AsyncClient(base_url=urls["users"], trust_env=False, timeout=10) as users,
        AsyncClient(base_url=urls["posts"], trust_env=False, timeout=10) as posts,
    ):
        ada = Somebody(auth, users, posts)
        await ada.sign_up()
        first, made_at = (await ada.sign_in())["access_token"], time.monotonic()
        assert {reply.status_code for reply in await ada.use_all(first)} == {200, 201}
        for name, clock in clocks.items():
            after = []
            for skew in SKEWS:
                clock.set(skew)
                after.append(await seen(urls[name], skew))
                tokens = await ada.sign_in()
                answers = await ada.use_all(tokens["access_token"])
                assert [reply.status_code for reply in answers] == [200, 200, 200, 201], (name, skew)
                form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
                assert (await auth.post("/auth/token", data=form)).status_code == 200
                await auth.post("/auth/revoke", data={"token": tokens["refresh_token"]})
                await ada.refused_everywhere(tokens["access_token"], 5)
            log = (house.folder / f"{name}.log").read_text()
            assert "clock skew" in log
            report.fault(
                row="R-24",
                fault=f"{name}'s clock wrong by {min(map(abs, SKEWS))} to {max(map(abs, SKEWS))} s",
                times=len(SKEWS),
                recovery_s=0.0,
                seen={"`clock_skew_seconds`": max(after)},
            )
        if len(SKEWS) < LONG_FORM:
            return
        for clock in clocks.values():
            clock.set(-288)
        await asyncio.sleep(max(0.0, made_at + LIFETIME + LEEWAY + 1 - time.monotonic()))
        await ada.refused_everywhere(first, 1)
