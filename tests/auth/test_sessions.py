"""The caller's sessions, and ending them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.repositories.sessions import FORGET
from auth.services.retention import RETENTION
from common.contracts.events import SessionEndedData
from tests.auth.conftest import Connection, Person, SignedIn, SignIn, SignUp, bearer, refresh
from tests.auth.refreshing import spent
from tests.auth.test_access_tokens import part
from tests.cursors import forge


async def devices(client: AsyncClient, token: str, **params: Any) -> list[dict[str, Any]]:
    reply = await client.get("/auth/sessions", headers=bearer(token), params=params)
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def refused(app: FastAPI, client: AsyncClient, token: str) -> bool:
    """Whether an access token is refused after this process has read new revocations."""
    await app.state.revoked.read()
    reply = await client.get("/auth/me", headers=bearer(token))
    return (reply.status_code, reply.json().get("code")) == (401, "invalid-token")


async def test_somebody_sees_their_devices_and_which_one_asks(
    client: AsyncClient, sign_up: SignUp, signed_in: SignedIn
) -> None:
    person = await sign_up()
    form = {"username": person.email, "password": person.password}
    phone = await client.post("/auth/token", data=form, headers={"User-Agent": "Trivium/1 (phone)\x7f"})
    laptop = await client.post("/auth/token", data=form, headers={"User-Agent": "x" * 500})
    await signed_in()
    seen = await devices(client, phone.json()["access_token"])
    assert [device["current"] for device in seen] == [False, True]
    assert [len(device["user_agent"]) for device in seen] == [200, len("Trivium/1 (phone)")]
    assert {device["id"] for device in seen} == {
        part(reply.json()["access_token"], 1)["sid"] for reply in (phone, laptop)
    }
    assert {device["ip"] for device in seen} == {"127.0.0.1"}
    assert all(set(device) == {"id", "created_at", "last_used_at", "user_agent", "ip", "current"} for device in seen)


async def test_devices_come_in_pages(client: AsyncClient, sign_up: SignUp, sign_in: SignIn) -> None:
    person = await sign_up()
    tokens = [(await sign_in(person)).json()["access_token"] for _ in range(5)]
    everything = await devices(client, tokens[0])
    paged: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/auth/sessions", headers=bearer(tokens[0]), params=params)).json()
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == everything
    assert len(everything) == 5


async def test_one_device_is_signed_out(
    app: FastAPI, client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """S-26: its refresh token at once, its access tokens after the next read, and the other services get an event."""
    person = await sign_up()
    lost, kept = [(await sign_in(person)).json() for _ in range(2)]
    lost_id = part(lost["access_token"], 1)["sid"]
    reply = await client.delete(f"/auth/sessions/{lost_id}", headers=bearer(kept["access_token"]))
    assert (reply.status_code, reply.content) == (204, b"")
    assert spent(await refresh(client, lost["refresh_token"]))
    assert await refused(app, client, lost["access_token"])
    assert [device["id"] for device in await devices(client, kept["access_token"])] != [lost_id]
    told = await superuser.fetch("SELECT target, data FROM outbox WHERE subject = $1", f"session:{lost_id}")
    assert {row["target"] for row in told} == set(SessionEndedData.targets)
    again = await client.delete(f"/auth/sessions/{lost_id}", headers=bearer(kept["access_token"]))
    assert (again.status_code, again.json()["code"]) == (404, "session-not-found")


async def test_all_other_devices_are_signed_out(
    app: FastAPI, client: AsyncClient, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    *others, mine = [(await sign_in(person)).json() for _ in range(4)]
    assert (await client.delete("/auth/sessions", headers=bearer(mine["access_token"]))).status_code == 204
    for other in others:
        assert spent(await refresh(client, other["refresh_token"]))
        assert await refused(app, client, other["access_token"])
    assert len(await devices(client, mine["access_token"])) == 1
    assert (await refresh(client, mine["refresh_token"])).status_code == 200


async def test_nobody_ends_another_s_session(client: AsyncClient, signed_in: SignedIn) -> None:
    mine, theirs = await signed_in(), await signed_in()
    theirs_id = part(theirs["access_token"], 1)["sid"]
    for session_id in (theirs_id, uuid4()):
        reply = await client.delete(f"/auth/sessions/{session_id}", headers=bearer(mine["access_token"]))
        assert (reply.status_code, reply.json()["code"]) == (404, "session-not-found")
    assert (await refresh(client, theirs["refresh_token"])).status_code == 200


@pytest.mark.parametrize("session_id", ["7", "x", "%00", "8a0c8a52"])
async def test_what_is_no_session_id_is_refused(client: AsyncClient, signed_in: SignedIn, session_id: str) -> None:
    headers = bearer((await signed_in())["access_token"])
    assert (await client.delete(f"/auth/sessions/{session_id}", headers=headers)).status_code == 422


async def test_two_who_end_the_same_session_at_once_end_it_once(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person = await sign_up()
    lost, kept = [(await sign_in(person)).json() for _ in range(2)]
    lost_id = part(lost["access_token"], 1)["sid"]
    ends = (client.delete(f"/auth/sessions/{lost_id}", headers=bearer(kept["access_token"])) for _ in range(10))
    assert sorted(reply.status_code for reply in await asyncio.gather(*ends)) == [204] + [404] * 9
    noted = "SELECT count(*) FROM audit_events WHERE action = 'session-ended' AND account_id = $1"
    assert await superuser.fetchval(noted, person.id) == 1


async def test_a_stolen_refresh_token_ends_the_access_tokens_too(
    app: FastAPI, client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-24: the end is published like any other, and recorded in the audit trail."""
    first = await signed_in()
    second = (await refresh(client, first["refresh_token"])).json()
    third = (await refresh(client, second["refresh_token"])).json()
    assert spent(await refresh(client, first["refresh_token"]))
    assert await refused(app, client, third["access_token"])
    sid = part(first["access_token"], 1)["sid"]
    noted = await superuser.fetchrow(
        "SELECT actor, ip, detail FROM audit_events WHERE action = 'refresh-token-reused' AND detail->>'session' = $1",
        sid,
    )
    assert noted is not None
    assert (noted["actor"], noted["ip"]) == ("anonymous", "127.0.0.1")


async def test_replays_of_every_generation_end_the_session(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-24: for every spent token, except the direct parent within its grace period."""
    for replayed in range(5):
        tokens = [(await signed_in())["refresh_token"]]
        for _ in range(6):
            tokens.append((await refresh(client, tokens[-1])).json()["refresh_token"])
        assert spent(await refresh(client, tokens[replayed])), replayed
        assert spent(await refresh(client, tokens[-1])), replayed
        reason = "SELECT end_reason FROM sessions WHERE id = $1"
        assert await superuser.fetchval(reason, UUID(tokens[0].split(".")[2])) == "refresh token reused"


async def test_sessions_that_are_long_over_are_removed(
    app: FastAPI, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    person = await sign_up()
    for age in (
        "ended_at = now() - interval '31 days'",
        "ended_at = now() - interval '29 days'",
        "rotated_at = now() - interval '38 days', created_at = now() - interval '39 days'",
        "rotated_at = now() - interval '36 days', created_at = now() - interval '39 days'",
        "created_at = now() - interval '61 days'",
        "rotated_at = now()",
    ):
        sid = part((await sign_in(person)).json()["access_token"], 1)["sid"]
        await superuser.execute(f"UPDATE sessions SET {age} WHERE id = $1::uuid", sid)  # noqa: S608
    await RETENTION.apply(app.state.transactions)
    assert await superuser.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", person.id) == 3


async def test_an_account_has_a_hundred_sessions_and_those_used_the_longest_ago_end(
    app: FastAPI, client: AsyncClient, sign_up: SignUp, sign_in: SignIn, superuser: Connection
) -> None:
    """However often a person signs in: ending all sessions after a password change must stay one short statement."""
    person = await sign_up()
    first, second = [(await sign_in(person)).json()["access_token"] for _ in range(2)]
    await superuser.execute(
        "UPDATE sessions SET rotated_at = clock_timestamp() - interval '1 day' WHERE id = $1", part(first, 1)["sid"]
    )
    await superuser.execute(
        """
        INSERT INTO sessions (id, account_id, secret, user_agent, ip, rotated_at, ended_at)
        SELECT gen_random_uuid(), $1, '', '', '', clock_timestamp() - number * interval '1 minute',
               CASE WHEN number > 99 THEN clock_timestamp() END
        FROM generate_series(1, 1104) AS number
        """,
        person.id,
    )
    await sign_in(person)
    count = "SELECT count(*) FROM sessions WHERE account_id = $1 AND (ended_at IS NULL) = $2"
    assert await superuser.fetchval(count, person.id, True) == 100
    assert await superuser.fetchval(count, person.id, False) == 1000 + 2
    ended = await superuser.fetch("SELECT id FROM sessions WHERE end_reason = 'too many sessions'")
    assert len(ended) == 2
    assert await refused(app, client, first)
    assert not await refused(app, client, second)


async def test_sessions_that_are_over_are_found_by_indexes(superuser: Connection) -> None:
    """However many are open: the repository's `FORGET` with a week and 30 days."""
    await superuser.execute(
        "CREATE TEMP TABLE many (LIKE sessions INCLUDING ALL);"
        " INSERT INTO many (id, account_id, secret, user_agent, ip)"
        " SELECT gen_random_uuid(), n, '', '', '' FROM generate_series(1, 20000) AS n; ANALYZE many"
    )
    words = str(FORGET).replace("sessions", "many")
    for name, value in (("idle", "7 days"), ("absolute", "30 days"), ("kept", "30 days"), ("most", "1000")):
        words = words.replace(f":{name}", f"'{value}'")
    plan = "\n".join(row[0] for row in await superuser.fetch(f"EXPLAIN {words}"))
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.faults)])
async def test_round_after_round_twenty_uses_never_make_two_children(
    client: AsyncClient, signed_in: SignedIn, rounds: int
) -> None:
    """S-25: 20 parallel uses of one token, again and again on one session: one successor each time."""
    token = (await signed_in())["refresh_token"]
    for generation in range(2, 2 + rounds):
        replies = await asyncio.gather(*(refresh(client, token) for _ in range(20)))
        children = {reply.json().get("refresh_token") for reply in replies}
        assert len(children) == 1, generation
        token = children.pop()
        assert token.split(".")[3] == str(generation)


async def test_a_person_s_own_devices_only(client: AsyncClient, sign_up: SignUp, sign_in: SignIn) -> None:
    people: list[Person] = [await sign_up(), await sign_up()]
    tokens = [(await sign_in(person)).json()["access_token"] for person in people]
    seen = [{device["id"] for device in await devices(client, token)} for token in tokens]
    assert len(seen[0] | seen[1]) == 2


async def test_a_forged_cursor_is_refused_or_a_place_like_any(client: AsyncClient, signed_in: SignedIn) -> None:
    """S-36"""
    await forge(client, "/auth/sessions", "sessions", 3, bearer((await signed_in())["access_token"]))
