"""Concurrent uses of codes, recovery codes and challenges: one effect each (S-60, S-62)."""

import asyncio
from typing import Any

import pyotp
import pytest
from httpx import AsyncClient, Response

from auth.config import Settings
from auth.services.second_factor.challenges import MOST_TRIES
from tests.auth.conftest import Connection, Join, client_of, outcome, running
from tests.auth.second_factors import Guarded, audited, begin, challenge, complete, guard, left, turn_on
from tests.waiting import until_blocked

MANY = 20


def successes(replies: list[Response]) -> int:
    assert {reply.status_code for reply in replies} <= {200, 400, 403, 429}
    return sum(reply.status_code == 200 for reply in replies)


async def sessions(superuser: Connection, guarded: Guarded) -> int:
    statement = "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL"
    return int(await superuser.fetchval(statement, guarded.id))


async def challenges(client: AsyncClient, guarded: Guarded) -> list[str]:
    return [await challenge(client, guarded) for _ in range(MANY)]


async def test_twenty_uses_of_one_code_at_two_replicas_open_one_session(
    client: AsyncClient, settings: Settings, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    before, waiting, code = await sessions(superuser, ada), await challenges(client, ada), await ada.code()
    async with running(settings) as app, client_of(app, "192.0.2.9") as other:
        replies = await asyncio.gather(
            *(complete(other if number % 2 else client, token, code=code) for number, token in enumerate(waiting))
        )
    assert successes(replies) == 1
    assert await sessions(superuser, ada) == before + 1


async def test_twenty_uses_of_one_recovery_code_open_one_session(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    before, waiting = await sessions(superuser, ada), await challenges(client, ada)
    replies = await asyncio.gather(*(complete(client, token, recovery_code=ada.recovery_codes[0]) for token in waiting))
    assert successes(replies) == 1
    assert await sessions(superuser, ada) == before + 1
    assert (await left(superuser, ada.id))["recovery_codes"] == 9


async def test_twenty_uses_of_one_challenge_open_one_session(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    before, token = await sessions(superuser, ada), await challenge(client, ada)
    proofs = [*({"recovery_code": code} for code in ada.recovery_codes), *[{"code": await ada.code()}] * 10]
    replies = await asyncio.gather(*(complete(client, token, **proof) for proof in proofs))
    assert successes(replies) == 1
    assert await sessions(superuser, ada) == before + 1
    used = 10 - (await left(superuser, ada.id))["recovery_codes"]
    last = await superuser.fetchval("SELECT last_step FROM second_factors WHERE account_id = $1", ada.id)
    assert used + bool(last) == 1, "no other proof is used up"


async def test_twenty_wrong_codes_for_one_challenge_are_five_tries(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await turn_on(client, superuser, await join())
    token = await challenge(client, ada)
    replies = await asyncio.gather(*(complete(client, token, recovery_code=f"WRONG{number}") for number in range(MANY)))
    assert [reply.status_code for reply in replies].count(403) == MOST_TRIES
    assert (await audited(superuser, ada.id)).count("second-factor-refused") == MOST_TRIES


async def test_twenty_wrong_codes_of_one_source_are_five_guesses(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """S-10: exact under concurrency."""
    ada = await turn_on(client, superuser, await join())
    waiting = await challenges(client, ada)
    replies = await asyncio.gather(*(complete(client, token, code="000000") for token in waiting))
    assert [reply.status_code for reply in replies].count(403) == 5


async def test_twenty_confirmations_give_one_set_of_recovery_codes(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await join()
    secret = (await client.post("/auth/second-factor/totp", headers=ada.headers)).json()["secret"]
    first = {"code": pyotp.TOTP(secret).now()}
    path = "/auth/second-factor/totp/confirm"
    replies = await asyncio.gather(*(client.post(path, json=first, headers=ada.headers) for _ in range(MANY)))
    statuses = [reply.status_code for reply in replies]
    assert (statuses.count(200), statuses.count(409)) == (1, MANY - 1)
    (shown,) = [reply.json()["recovery_codes"] for reply in replies if reply.status_code == 200]
    guarded = Guarded(ada, secret, shown, superuser)
    done = await complete(client, await challenge(client, guarded), recovery_code=guarded.recovery_codes[9])
    assert done.status_code == 200


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/token"])
async def test_a_sign_in_that_began_before_the_factor_was_on_opens_no_session_of_one_factor(
    client: AsyncClient, join: Join, superuser: Connection, path: str
) -> None:
    ada = await join()
    email, password = ada.person.email, ada.person.password
    fields = {"username": email, "password": password}
    body: dict[str, Any] = (
        {"data": fields} if path == "/auth/token" else {"json": {"email": email, "password": password}}
    )
    async with superuser.transaction():
        await superuser.execute("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", ada.id)
        signing_in = asyncio.create_task(client.post(path, **body))
        await until_blocked(superuser)
        await guard(superuser, ada.id)
    reply = await signing_in
    assert "access_token" not in reply.json()
    assert await superuser.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", ada.id) == 1


async def test_a_challenge_that_is_made_while_the_account_is_disabled_is_none(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """Otherwise the end of all challenges would miss it."""
    ada = await turn_on(client, superuser, await join())
    async with superuser.transaction():
        await superuser.execute("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", ada.id)
        beginning = asyncio.create_task(begin(client, ada))
        await until_blocked(superuser)
        await superuser.execute("UPDATE accounts SET status = 'disabled' WHERE id = $1", ada.id)
    assert outcome(await beginning) == (401, "wrong-credentials")
    assert (await left(superuser, ada.id))["sign_in_challenges"] == 0
