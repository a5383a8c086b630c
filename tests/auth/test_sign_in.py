"""The password grant of `POST /auth/token`, and the caller's own account."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.config import Settings
from tests.auth.conftest import PASSWORD, Connection, Person, SignIn, SignUp, bearer, client_of, new_email, running

CHANGING = {"x-request-id", "content-length"}


def comparable(reply: Response, *times: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """The parts of a refusal that must be equal for all reasons. `times` are headers that may differ by a second."""
    body = {name: value for name, value in reply.json().items() if name != "instance"}
    headers = {name: value for name, value in reply.headers.items() if name not in CHANGING | {*times}}
    return reply.status_code, body, headers


async def test_who_signs_up_can_sign_in_and_see_the_account(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    tokens = (await sign_in(person)).json()
    reply = await client.get("/auth/me", headers=bearer(tokens["access_token"]))
    assert reply.status_code == 200, reply.text
    assert reply.json() == {
        "id": person.id,
        "email": person.email,
        "roles": [],
        "status": "active",
        "email_verified": False,
        "has_password": True,
        "locale": None,
    }


async def test_the_answer_is_that_of_rfc_6749(sign_up: SignUp, sign_in: SignIn) -> None:
    reply = await sign_in(await sign_up())
    tokens = reply.json()
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/json"
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("bearer", 300, "api")


@pytest.mark.parametrize(
    "username",
    ["nobody@example.com", "no address", "", "a\ufffdb@example.com", "@", "x" * 5000],
    ids=lambda name: ascii(name)[:20],
)
async def test_an_unknown_user_looks_like_a_wrong_password(client: AsyncClient, sign_up: SignUp, username: str) -> None:
    """S-06"""
    person = await sign_up()
    wrong = await client.post("/auth/token", data={"username": person.email, "password": "wrong password"})
    unknown = await client.post("/auth/token", data={"username": username or "-", "password": "wrong password"})
    assert comparable(wrong) == comparable(unknown)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["error"]) == (400, "invalid-grant", "invalid_grant")
    assert wrong.json()["error_description"]
    assert len(wrong.content) == len(unknown.content)


@pytest.mark.parametrize("status", ["disabled", "deleting", "deleted"])
async def test_an_account_that_may_not_sign_in_looks_like_a_wrong_password(
    client: AsyncClient, sign_up: SignUp, superuser: Connection, status: str
) -> None:
    """S-06: with the right password as well."""
    person = await sign_up()
    await superuser.execute("UPDATE accounts SET status = $2 WHERE id = $1", person.id, status)
    right = await client.post("/auth/token", data={"username": person.email, "password": PASSWORD})
    wrong = await client.post("/auth/token", data={"username": "nobody@example.com", "password": PASSWORD})
    assert comparable(right) == comparable(wrong)
    assert await superuser.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", person.id) == 0


async def test_an_unknown_user_costs_as_much_as_a_wrong_password(
    client: AsyncClient, app: FastAPI, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-07: both are compared with one hash of the same cost. `make timing` measures it."""
    person, costs = await sign_up(), []
    verify = app.state.passwords._hash.verify_and_update

    def noted(password: str, password_hash: str) -> tuple[bool, str | None]:
        costs.append(password_hash.rsplit("$", 2)[0])
        outcome: tuple[bool, str | None] = verify(password, password_hash)
        return outcome

    monkeypatch.setattr(app.state.passwords._hash, "verify_and_update", noted)
    for username in (person.email, new_email()):
        await client.post("/auth/token", data={"username": username, "password": "wrong password"})
    known, unknown = costs
    assert known == unknown


@pytest.mark.parametrize(
    "password", ["x" * 257, PASSWORD + " ", PASSWORD + "x" * 300, PASSWORD.upper(), " " + PASSWORD]
)
async def test_a_password_is_compared_exactly(client: AsyncClient, sign_up: SignUp, password: str) -> None:
    """S-03: nothing is cut, trimmed or case-folded."""
    person = await sign_up()
    reply = await client.post("/auth/token", data={"username": person.email, "password": password})
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid-grant")


async def test_a_password_of_256_characters_does_not_fit_with_one_more(client: AsyncClient) -> None:
    person = {"email": "long@example.com", "password": "x" * 256, "name": "Ada"}
    assert (await client.post("/auth/register", json=person)).status_code == 201
    for password, status in (("x" * 256, 200), ("x" * 257, 400)):
        reply = await client.post("/auth/token", data={"username": person["email"], "password": password})
        assert reply.status_code == status


async def test_a_long_password_fits_however_a_system_types_its_accents(client: AsyncClient) -> None:
    """S-02, S-03: the limit counts letters, not the code points that are sent for them."""
    person = {"email": "accents@example.com", "password": "é" * 256, "name": "Ada"}
    assert (await client.post("/auth/register", json=person)).status_code == 201
    reply = await client.post("/auth/token", data={"username": person["email"], "password": "e\u0301" * 256})
    assert reply.status_code == 200


@pytest.mark.parametrize("basic", ["Basic Og==", "Basic ", "Basic", "basic Og==", "Basic %%%", "Bearer nonsense"])
async def test_credentials_of_a_client_are_ignored_with_a_password(
    client: AsyncClient, sign_up: SignUp, basic: str
) -> None:
    """Swagger UI sends `Basic Og==`, an empty name and an empty secret."""
    person = await sign_up()
    form = {"username": person.email, "password": PASSWORD, "client_id": "", "client_secret": ""}
    reply = await client.post("/auth/token", data=form, headers={"Authorization": basic})
    assert reply.status_code == 200, reply.text


async def test_unknown_parameters_are_ignored(client: AsyncClient, sign_up: SignUp) -> None:
    person = await sign_up()
    form = {"grant_type": "password", "username": person.email, "password": PASSWORD, "scope": "api"}
    reply = await client.post("/auth/token", data={**form, "otp": "1", "nonce": ""})
    assert reply.status_code == 200, reply.text


PASSWORD_GRANT = {"grant_type": "password", "username": "ada@example.com", "password": "long enough"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({**PASSWORD_GRANT, "grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({**PASSWORD_GRANT, "grant_type": "PASSWORD"}, "unsupported_grant_type"),
        ({**PASSWORD_GRANT, "scope": "admin"}, "invalid_scope"),
        ({**PASSWORD_GRANT, "scope": "api internal"}, "invalid_scope"),
        ({**PASSWORD_GRANT, "username": ""}, "invalid_request"),
        ({**PASSWORD_GRANT, "password": ""}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, "invalid_grant"),
    ],
)
async def test_a_refusal_speaks_rfc_6749_and_problem(client: AsyncClient, form: dict[str, str], error: str) -> None:
    reply = await client.post("/auth/token", data=form)
    problem = reply.json()
    assert (reply.status_code, problem["error"], problem["code"]) == (400, error, error.replace("_", "-"))
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert problem["error_description"] == problem["detail"]


async def test_no_connection_is_held_while_a_password_is_hashed(settings: Settings, sign_up: SignUp) -> None:
    """With one connection and a hasher that is busy for long, a read still succeeds."""
    people: list[Person] = [await sign_up() for _ in range(3)]
    patience = {"pool_timeout": timedelta(seconds=5)}
    one = settings.model_copy(update={"pool_size": 1, "max_overflow": 0, "hash_slots": 1, **patience})
    async with running(one) as app, client_of(app) as client:
        login = {"username": people[0].email, "password": PASSWORD}
        mine = bearer((await client.post("/auth/token", data=login)).json()["access_token"])
        sign_ins = [
            asyncio.create_task(client.post("/auth/token", data={"username": who.email, "password": PASSWORD}))
            for who in people * 4
        ]
        await asyncio.wait(sign_ins, return_when=asyncio.FIRST_COMPLETED)
        read = await client.get("/auth/me", headers=mine)
        assert read.status_code == 200
        assert not all(task.done() for task in sign_ins), "the read waited for the hashing"
        assert len(app.state.load_shedder.queued) > 0, "they count as running"
        assert {reply.status_code for reply in await asyncio.gather(*sign_ins)} == {200}
