"""Lists of people by ids or by names."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import Select, text

from tests.cursors import forge
from tests.peers import Peers
from tests.users.conftest import SignedIn
from users.repositories.profiles import SEARCH

WIDE = "\uff37ide \uff2fne"
"""Full-width letters, as from a Japanese keyboard."""


async def named(client: AsyncClient, peers: Peers, *names: str) -> list[int]:
    """People with these names; the first has no followers, later ones have more."""
    ids = [peers.new_account(name) for name in names]
    for rank, user_id in enumerate(ids):
        await client.get("/users/me", headers=peers.issuer.person(user_id))
        for fan in ids[:rank]:
            await client.put(f"/users/{user_id}/follow", headers=peers.issuer.person(fan))
    return ids


async def found(client: AsyncClient, query: str, **params: str) -> list[str]:
    reply = await client.get("/users", params={"q": query, **params})
    assert reply.status_code == 200, reply.text
    return [item["name"] for item in reply.json()["items"]]


async def test_a_batch_is_what_each_profile_is_in_the_order_of_the_ids(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, grace = await named(client, peers, "Ada", "Grace")
    for headers in ({}, signed_in(ada), signed_in(grace, "admin")):
        one_by_one = [(await client.get(f"/users/{user_id}", headers=headers)).json() for user_id in (grace, ada)]
        reply = await client.get(f"/users?ids={grace},3,{ada},{grace}", headers=headers)
        assert (reply.status_code, reply.json()) == (200, {"items": one_by_one, "next_cursor": None})


async def test_a_batch_asks_nobody_of_unknown_ids(client: AsyncClient, peers: Peers) -> None:
    stranger = peers.new_account()
    peers.asked.clear()
    ids = ",".join(map(str, [*range(1, 100), stranger]))
    reply = await client.get(f"/users?ids={ids}")
    assert (reply.json()["items"], peers.asked) == ([], [])


@pytest.mark.parametrize("query", ["", "ids=", "ids=1,,2", "ids=0", "ids=a", f"ids={'1,' * 100}1", "ids=1&q=a"])
async def test_bad_batches_are_refused(client: AsyncClient, query: str) -> None:
    """S-36"""
    reply = await client.get(f"/users?{query}")
    assert (reply.status_code, reply.json()["code"] in {"bad-ids", "ids-or-query"}) == (422, True)


async def test_a_name_is_found_whatever_its_case_and_accents(client: AsyncClient, peers: Peers) -> None:
    await named(client, peers, "Zoë Müller-Lüdenscheidt", "Søren Ærø", WIDE, "ΆΡΗΣ Ёлкин", "e\u0301clair")
    for query in ("zoe", "ZOË", "muller", "Müller", "ludensch", "enscheidt", "zoe mull", "mull zoe", "MÜ", "z m"):
        assert await found(client, query) == ["Zoë Müller-Lüdenscheidt"], query
    for query in ("soren", "søren", "aero", "ÆRØ"):
        assert await found(client, query) == ["Søren Ærø"], query
    assert await found(client, "wide one") == [WIDE]
    assert await found(client, "αρησ ёл") == ["ΆΡΗΣ Ёлкин"]
    assert await found(client, "Éclair") == ["e\u0301clair"]
    assert await found(client, "zoe soren") == []


async def test_short_words_are_the_beginnings_of_words(client: AsyncClient, peers: Peers) -> None:
    await named(client, peers, "Quentin Xu", "Xenia", "Max Quirk")
    assert await found(client, "x") == ["Xenia", "Quentin Xu"]
    assert await found(client, "qu") == ["Max Quirk", "Quentin Xu"]
    assert await found(client, "xu q") == ["Quentin Xu"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "\\%", "%%"])
async def test_signs_of_a_pattern_are_themselves(client: AsyncClient, peers: Peers, sign: str) -> None:
    """S-37"""
    await named(client, peers, f"ww{sign}ww", "wwxww", "wwww")
    assert await found(client, f"ww{sign}ww") == [f"ww{sign}ww"]
    assert await found(client, f"{sign} w") == [f"ww{sign}ww"]


ODD = ["'; DROP TABLE profiles; --", "' OR 1=1 --", "a" * 100, "b " * 50, "\x7fq", "(7)"]


@pytest.mark.parametrize("query", ODD)
async def test_odd_queries_find_nobody(client: AsyncClient, query: str) -> None:
    """S-37"""
    assert await found(client, query) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "a" * 101, "\x00", "--", "_", "%", "\\", "()", "\u0301", "\U0001f4a5", "\x7f"]
)
async def test_queries_out_of_bounds_are_refused(client: AsyncClient, query: str) -> None:
    """S-37: nor a query without letters and digits, which would read all names."""
    reply = await client.get("/users", params={"q": query})
    assert (reply.status_code, reply.json()["code"]) == (422, "validation-failed")


async def test_those_found_come_in_pages_most_followers_first(client: AsyncClient, peers: Peers) -> None:
    ids = await named(client, peers, *(f"Paginata {number}" for number in range(5)))
    ids += await named(client, peers, "Paginata last")  # with no followers, as the first: the id decides
    seen: list[int] = []
    url: str | None = "/users?q=paginata&limit=2"
    while url:
        reply = await client.get(url)
        seen += [item["id"] for item in reply.json()["items"]]
        url = reply.links["next"]["url"] if reply.links else None
    assert seen == [*ids[4:0:-1], ids[5], ids[0]]


async def test_a_new_name_is_found_and_the_old_one_is_not(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    (ada,) = await named(client, peers, "Augusta")
    await client.patch("/users/me", json={"name": "Countess"}, headers=signed_in(ada))
    assert (await found(client, "augusta"), await found(client, "countess")) == ([], ["Countess"])


@pytest.mark.parametrize("statement", [statement for pages in SEARCH for statement in pages])
async def test_the_search_goes_by_the_index(statement: Select[Any], app: FastAPI) -> None:
    """It must be able to, whatever PostgreSQL prefers for a table as small as this one."""
    names = {"viewer", "limit", "followers", "last"}
    words = {name: "ada" for name in statement.compile().params if name.startswith("word")}
    filled = statement.params({**dict.fromkeys(names, 9), **words})
    async with app.state.database.engine.begin() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        query = filled.compile(connection.sync_engine, compile_kwargs={"literal_binds": True})
        plan = list((await connection.exec_driver_sql(f"EXPLAIN {query}")).scalars())
    assert any("Bitmap Index Scan on ix_profiles_folded" in line for line in plan), plan


async def test_a_forged_cursor_is_refused_or_a_place_like_any(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    """S-36"""
    ada, _ = await named(client, peers, "Ada", "Grace")
    await forge(client, "/users?q=ada", "people", 2)
    for kind in ("followers", "following"):
        await forge(client, f"/users/{ada}/{kind}", kind, 2, signed_in(ada))
    await forge(client, "/users/me/blocks", "blocks", 2, signed_in(ada))
