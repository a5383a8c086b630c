"""Sign-up: `POST /auth/register`."""

import asyncio
import json
from typing import Any

import pytest
from httpx import AsyncClient

from tests.auth.conftest import PASSWORD, Connection, new_email


def body(**changes: object) -> dict[str, Any]:
    return {"email": new_email(), "password": PASSWORD, "name": "Ada", **changes}


async def accounts(superuser: Connection) -> int:
    return int(await superuser.fetchval("SELECT count(*) FROM accounts"))


async def test_who_signs_up_gets_an_account_and_never_the_password_back(
    client: AsyncClient, superuser: Connection
) -> None:
    person = body(name="Ada Lovelace 👩‍💻")
    reply = await client.post("/auth/register", json=person)
    assert reply.status_code == 201
    account = reply.json()
    assert account == {"id": account["id"], "email": person["email"], "name": "Ada Lovelace 👩‍💻"}
    assert reply.headers["location"] == f"/users/{account['id']}"
    assert 0 < account["id"] < 2**53
    stored = await superuser.fetchrow("SELECT * FROM accounts WHERE id = $1", account["id"])
    assert stored is not None
    assert stored["password_hash"].startswith("$argon2id$")  # S-01; its cost: test_change_password
    assert PASSWORD not in str(stored)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ada1@example.com", "ada1@example.com"),
        ("ada2@example.com", "ADA2@Example.COM"),
        ("ada3@example.com", "\uff41da3@example.com"),
        ("\uff41da4@example.com", "ada4@example.com"),
        ("ada5@example.com", "ada5@\uff45xample.com"),
        ("ada6@example.com", "ada6@example\u3002com"),
        ("ada7@exämple.com", "ada7@xn--exmple-cua.com"),
        ("ada8@exa\u0308mple.com", "ada8@exämple.com"),
        ("ﬁona@example.com", "fiona@example.com"),
    ],
    ids=ascii,
)
async def test_an_address_is_taken_in_every_spelling(client: AsyncClient, first: str, second: str) -> None:
    assert (await client.post("/auth/register", json=body(email=first))).status_code == 201
    reply = await client.post("/auth/register", json=body(email=second))
    assert (reply.status_code, reply.json()["code"]) == (409, "email-taken")


@pytest.mark.parametrize(
    "address",
    ["Grace.Hopper@Example.COM", "grace1@xn--exmple-cua.com", "grace2@example\u3002com", "\uff47race3@example.com"],
    ids=ascii,
)
async def test_who_signed_up_with_a_spelling_signs_in_with_it_and_with_the_stored_one(
    client: AsyncClient, address: str
) -> None:
    stored = (await client.post("/auth/register", json=body(email=address))).json()["email"]
    for username in (address, stored):
        reply = await client.post("/auth/token", data={"username": username, "password": PASSWORD})
        assert reply.status_code == 200, (username, reply.text)


async def test_of_twenty_sign_ups_at_once_one_wins(client: AsyncClient, superuser: Connection) -> None:
    """S-09"""
    before = await accounts(superuser)
    spellings = ["race@example.com", "RACE@example.com", "r\uff41ce@example.com", "race@EXAMPLE.com"]
    replies = await asyncio.gather(
        *(client.post("/auth/register", json=body(email=spellings[n % len(spellings)])) for n in range(20))
    )
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 19
    assert await accounts(superuser) == before + 1


@pytest.mark.parametrize(
    "password",
    ["8 points", "😀" * 8, "x" * 256, "😀" * 256, "  lead and trail  ", "pässwörter", "\ttabs\tare\tfine"],
    ids=lambda password: ascii(password)[:20],
)
async def test_a_password_may_be_anything_long_enough(client: AsyncClient, password: str) -> None:
    """S-02, S-03"""
    person = body(password=password)
    assert (await client.post("/auth/register", json=person)).status_code == 201
    for tried, status in (
        (password, 200),
        (password + " ", 400),
        (password.swapcase() + "!", 400),
        (password[:-1], 400),
    ):
        form = {"username": person["email"], "password": tried}
        assert (await client.post("/auth/token", data=form)).status_code == status, ascii(tried)


@pytest.mark.parametrize(
    "name",
    ["A", "x" * 100, "😀" * 100, "O'Brien <b>", "Łukasz", "李小龍", "👨‍👩‍👧", "❤️", "; DROP TABLE accounts"],
    ids=lambda name: ascii(name)[:20],
)
async def test_a_name_is_kept_as_it_was_given(client: AsyncClient, name: str) -> None:
    """S-35"""
    reply = await client.post("/auth/register", json=body(name=name))
    assert (reply.status_code, reply.json()["name"]) == (201, name)


REFUSED: dict[str, dict[str, object]] = {
    "password of 7 points": {"password": "1234567"},
    "password of 7 emoji": {"password": "😀" * 7},
    "password of 257 points": {"password": "x" * 257},
    "password with NUL": {"password": "long enough\0"},
    "password with a lone surrogate": {"password": "long enough\ud800"},
    "password null": {"password": None},
    "password a number": {"password": 123456789},
    "password a list": {"password": ["long enough"]},
    "name empty": {"name": ""},
    "name blank": {"name": "   "},
    "name of a no-break space": {"name": "\u00a0"},
    "name of joiners": {"name": "\u200d\ufe0f"},
    "name of spaces and joiners": {"name": " \u200d "},
    "name of 101 points": {"name": "x" * 101},
    "name with NUL": {"name": "A\0B"},
    "name with a line break": {"name": "A\nB"},
    "name with C1": {"name": "A\u0085B"},
    "name with bidi": {"name": "A\u202eB"},
    "name with zero width space": {"name": "A\u200bB"},
    "name with a line separator": {"name": "A\u2028B"},
    "name with a lone surrogate": {"name": "A\udfff"},
    "name a number": {"name": 7},
    "name an object": {"name": {"a": "b"}},
    "email without at": {"email": "ada.example.com"},
    "email without domain": {"email": "ada@"},
    "email of two": {"email": "ada@example.com, eve@example.com"},
    "email with NUL": {"email": "a\0da@example.com"},
    "email with a line break": {"email": "ada@example.com\nBcc: eve@example.com"},
    "email with a lone surrogate": {"email": "\ud800@example.com"},
    "email that folds to two ats": {"email": "ada\uff20eve@example.com"},
    "email that folds to a space": {"email": "ada\u037a@example.com"},
    "email too long": {"email": "a" * 250 + "@example.com"},
    "email very long": {"email": "a@" * 6000},
    "email a number": {"email": 7},
    "email null": {"email": None},
    "unknown field": {"role": "admin"},
    "id": {"id": 7},
    "roles": {"roles": ["admin"]},
    "password_hash": {"password_hash": "x"},
    "email_verified": {"email_verified": True},
    "unknown field with a lone surrogate": {"\ud800": 1},
    "unknown field with NUL": {"\0": 1},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=list(REFUSED))
async def test_a_refused_sign_up_is_a_422_that_repeats_nothing_and_stores_nothing(
    client: AsyncClient, superuser: Connection, changes: dict[str, object]
) -> None:
    """S-02, S-31b, S-35, S-45"""
    before = await accounts(superuser)
    content = json.dumps(body(**changes))  # in ASCII: httpx would try to write a lone surrogate as UTF-8
    reply = await client.post("/auth/register", content=content, headers={"Content-Type": "application/json"})
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (422, "validation-failed"), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert all(set(error) == {"loc", "msg", "type"} for error in problem["errors"])
    assert not {"1234567", "long enough"} & set(reply.text.split('"'))
    assert len(reply.content) < 2000
    assert await accounts(superuser) == before


@pytest.mark.parametrize("missing", ["email", "password", "name"])
async def test_every_field_is_needed(client: AsyncClient, missing: str) -> None:
    person = body()
    del person[missing]
    reply = await client.post("/auth/register", json=person)
    assert reply.status_code == 422
    assert reply.json()["errors"] == [{"loc": ["body", missing], "msg": "Field required", "type": "missing"}]
