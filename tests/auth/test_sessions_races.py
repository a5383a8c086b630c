"""Signing out all other devices, while one of them is signing in, is renewed or steps up."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.repositories.unit_of_work import unit_of_work
from auth.services.ports import UnitOfWork
from auth.services.records import Device
from auth.services.sessions.opening import Method, Way
from common.db.database import TransactionFactory
from tests.auth.conftest import Connection, Join, SignIn, bearer
from tests.auth.test_access_tokens import part
from tests.waiting import in_time, until_blocked

Act = Callable[[FastAPI, UnitOfWork, int, UUID], Awaitable[object]]


async def sign_in_there(app: FastAPI, work: UnitOfWork, account_id: int, _: UUID) -> object:
    known = await work.accounts.credentials_of(account_id)
    assert known is not None
    device = Device("phone", "192.0.2.1", "192.0.2.1")
    return await app.state.sign_in.sessions.open(work, known, device, [Method.password], Way.password)


async def renew(app: FastAPI, work: UnitOfWork, account_id: int, session_id: UUID) -> object:
    session = await work.sessions.find(session_id)
    assert session is not None
    return await work.sessions.rotate(session, session.generation)


async def step_up(app: FastAPI, work: UnitOfWork, account_id: int, session_id: UUID) -> object:
    await work.accounts.credentials_of(account_id, lock=True)
    session = await work.sessions.find(session_id, lock=True)
    await work.sessions.confirm(session_id, [Method.password])
    return session


@pytest.mark.parametrize("act", [sign_in_there, renew, step_up])
async def test_no_other_session_outlives_the_end_of_all_others(
    app: FastAPI, client: AsyncClient, join: Join, sign_in: SignIn, superuser: Connection, act: Act
) -> None:
    ada = await join()
    other = UUID(part((await sign_in(ada.person)).json()["access_token"], 1)["sid"])
    transactions = TransactionFactory(app.state.database, lambda session: unit_of_work(session, app.state.lifetimes))
    async with transactions() as work:
        assert await act(app, work, ada.id, other) is not None
        asking = asyncio.create_task(client.delete("/auth/sessions", headers=ada.headers))
        await until_blocked(superuser)
    assert (await in_time(asking)).status_code == 204
    left = await superuser.fetch("SELECT id FROM sessions WHERE account_id = $1 AND ended_at IS NULL", ada.id)
    assert [str(row["id"]) for row in left] == [part(ada.tokens["access_token"], 1)["sid"]]
    assert (await client.get("/auth/me", headers=bearer(ada.tokens["access_token"]))).status_code == 200
