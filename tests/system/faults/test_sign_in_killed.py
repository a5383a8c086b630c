"""auth is killed amid uses of what works once: one effect at most, and everybody has a way in (R-31).

One of two processes is killed while both do the same many times at once. `make faults` kills at each act's two moments
(SIGN_IN_KILLS=2), .ci/run at one.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from httpx import AsyncClient, Response, TransportError

from auth.config import Settings
from tests.auth.conftest import client_of
from tests.auth.identity_provider import DESCRIBED, IdentityProvider, browser_of, site
from tests.conftest import Cloner
from tests.database import Server
from tests.system.faults.replicas import SETTLE, Connection, Pair, gate, two_replicas
from tests.system.faults.report import Report
from tests.system.faults.served_provider import served_provider
from tests.system.faults.sign_in_acts import ACTS, Act
from tests.system.faults.sign_in_world import Call, World

MOMENTS = int(os.environ.get("SIGN_IN_KILLS", "1"))
TRIED = ACTS if MOMENTS > 1 else [*ACTS[::4], *ACTS[3::4]]
"""In the short form, of each act one moment."""
SHUT_OUT = """
SELECT id FROM accounts WHERE status = 'active' AND password_hash = '!'
AND NOT EXISTS (SELECT FROM identities WHERE account_id = accounts.id)
AND NOT EXISTS (SELECT FROM passkeys WHERE account_id = accounts.id)
"""


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[IdentityProvider]:
    async with served_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
async def environment(
    database_of: Cloner, tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider
) -> dict[str, str]:
    """auth's settings, for this process and the others."""
    described = {**DESCRIBED, "issuer": provider.issuer}
    return {
        **await database_of("auth"),
        "key_encryption_key": secrets.token_urlsafe(32),
        "refresh_key": secrets.token_urlsafe(32),
        "mail_dir": str(tmp_path_factory.mktemp("mail")),
        "mail_codes": "true",
        "relay": "false",
        "log_level": "error",
        "providers": json.dumps([described, {**described, "name": "other"}]),
    }


@pytest.fixture(scope="module")
async def database(server: Server, environment: dict[str, str]) -> AsyncIterator[Connection]:
    name = environment["database_url"].rpartition("/")[2]
    connection = await asyncpg.connect(server.dsn, database=name)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def world(environment: dict[str, str], provider: IdentityProvider, database: Connection) -> AsyncIterator[World]:
    settings = Settings.model_validate(environment)
    given = json.loads(environment["providers"])
    async with (
        site(settings, provider, providers=given) as app,
        client_of(app) as client,
        browser_of(app, provider) as browser,
    ):
        yield World(app, client, browser, database)


@pytest.fixture(scope="module")
async def pair(environment: dict[str, str], database: Connection, world: World) -> AsyncIterator[Pair]:
    async with two_replicas({name.upper(): value for name, value in environment.items()}, database) as pair:
        yield pair


async def attempt(client: AsyncClient, call: Call) -> Response | None:
    """None if the answer was lost."""
    try:
        return await call(client)
    except TransportError:
        return None


def succeeded(reply: Response | None) -> bool:
    if reply is None:
        return False
    assert reply.status_code < 500, reply.text
    told = reply.headers.get("location", "")
    return reply.is_success or "provider-code=" in told or "provider-linked=" in told


@pytest.mark.faults
@pytest.mark.parametrize("act", TRIED, ids=str)
async def test_a_kill_amid_an_act_leaves_one_effect_or_none(world: World, pair: Pair, report: Report, act: Act) -> None:
    """R-31"""
    trial = await act.prepare(world)
    dying, living = await pair.next()
    async with dying.client as there, living.client as here:
        async with gate(world.database, act.table, act.moment) as closed:
            lost = [asyncio.create_task(attempt(there, call)) for call in trial.dying]
            await closed.until_reached()
            asked = [asyncio.create_task(attempt(here, call)) for call in trial.living]
            await asyncio.sleep(SETTLE)
            seen = await dying.kill()
            await closed.open()
            replies = await asyncio.gather(*asked)
            assert not any(map(succeeded, await asyncio.gather(*lost)))
        dying.start()
        acknowledged = [reply for reply in replies if reply is not None and succeeded(reply)]
        assert (len(acknowledged), await trial.effects()) == (act.acknowledged, act.effects)
        for reply in acknowledged:
            await trial.lasts(here, reply)
        assert await world.database.fetch(SHUT_OUT) == []
        assert succeeded(await attempt(here, trial.living[0])) == (act.acknowledged > 1), "used up"
        await trial.comes_back()
    report.fault(
        row="R-31",
        fault="one of two auth killed amid 20 uses of a code, a flow or a key",
        kills=1,
        seen={"readiness": seen},
        unknown=len(lost),
        verdict="one effect, and a way in",
    )
