"""A running stack with CONDUIT=on behind its gateway: our own, or that of CONDUIT_URL."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from httpx import AsyncClient

from tests.conduit.conftest import NewPerson
from tests.conduit.conftest import new_person as new_person_of
from tests.system.conftest import LocalStack
from tests.waiting import GENEROUS

new_person = new_person_of
__all__ = ["NewPerson", "new_person"]


@pytest.fixture(scope="session")
def conduit_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if elsewhere := os.environ.get("CONDUIT_URL"):
        yield elsewhere
        return
    several = {"REPLICAS_POSTS": "1", "REPLICAS_CONDUIT": "2"}
    stack = LocalStack(tmp_path_factory.mktemp("conduit"), environment={"CONDUIT": "on", **several})
    started = stack.run("start")
    assert started.returncode == 0, started.stdout + started.stderr
    yield stack.url
    stopped = stack.run("reset")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


@pytest.fixture(scope="module")
async def client(conduit_url: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=conduit_url, timeout=GENEROUS, trust_env=False) as client:
        yield client
