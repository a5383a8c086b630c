"""The search for names uses the same fold as that for posts, on every cluster and for names of every release."""

import re
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from common.db.backfill import store_params
from common.db.migrations import migrate
from tests.database import Template
from tests.events import Outbox
from tests.peers import Peers
from tests.users.conftest import SignedIn
from tests.users.test_profile_search import found, named
from users.repositories.names import NAMES, as_pattern, as_stored
from users.repositories.profiles import SEARCH

MISSING = "SELECT count(*) FROM profiles WHERE folded IS NULL"


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("Straße Weiß", ["strasse", "WEISS"]),
        ("Łódź Nowak", ["lodz"]),
        ("Đà Nẵng", ["da nang", "đà"]),
        ("Sinead O\u2019Connor", ["o'connor", "O\u02bcConnor"]),
        ("\u1f41\u03b4\u03cc\u03c2", ["\u039f\u0394\u039f\u03a3", "\u03b4\u03bf\u03c3"]),  # final sigma
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05db\u05d4\u05df", ["\u05e9\u05dc\u05d5\u05dd"]),
        ("\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", ["\u0645\u062d\u0645\u062f", "\u0645"]),
        ("山田太郎", ["山田", "太郎", "太", "山田太郎"]),
        ("\u0401\u043b\u043a\u0438\u043d", ["\u0451\u043b", "\u043b\u043a\u0438"]),
        ("Zoë 🚀 Hopper", ["zoe", "hop"]),
    ],
)  # fmt: skip
async def test_a_name_is_found_by_any_of_its_writings(
    client: AsyncClient, peers: Peers, name: str, queries: list[str]
) -> None:
    await named(client, peers, name)
    assert {query: await found(client, query) for query in queries} == {query: [name] for query in queries}


async def test_two_letters_of_a_script_with_blanks_are_a_beginning(client: AsyncClient, peers: Peers) -> None:
    await named(client, peers, "\u0416\u0430\u043d\u043d\u0430")
    assert await found(client, "\u0436\u0430") == ["\u0416\u0430\u043d\u043d\u0430"]
    assert await found(client, "\u043d\u0430") == []


def test_no_part_of_a_letter_is_another_letter() -> None:
    """Each letter is stored as five ASCII characters; a match must not begin in the middle of one."""
    letters = "".join(map(chr, (*range(0x430, 0x480), *range(0x4E00, 0x5000), 0x1F600, 0x2FFFF)))
    whole = as_stored(letters).strip()
    begins = {
        found.start() % 5 for one in letters for found in re.finditer(f"(?={as_pattern(one).strip('% ')})", whole)
    }
    assert (begins, whole.isascii()) == ({0}, True)


@pytest.mark.parametrize("query", ["\u0436\u0430\u043d", "太", "\u05e9\u05dc"])
async def test_other_letters_than_latin_are_in_the_index(app: FastAPI, query: str) -> None:
    """In locale C, PostgreSQL's trigram index ignores these letters, and all names would be read."""
    statement = SEARCH[0][0].params(viewer=None, limit=21, word0=as_pattern(query))
    async with app.state.database.engine.connect() as connection:
        compiled = statement.compile(connection.sync_engine, compile_kwargs={"literal_binds": True})
        pattern = as_pattern(query).strip("%")
        trigrams = (await connection.execute(text("SELECT show_trgm(:word)"), {"word": pattern})).scalar_one()
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {compiled}")).scalars())
    assert len(trigrams) >= 3
    assert "ix_profiles_folded" in plan


async def test_what_this_release_writes_is_found_at_once(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    (ada,) = await named(client, peers, "Zoe Writer")
    for name in ("Zoë Writer", "Zoë W"):  # folds to the same, and to another
        await client.patch("/users/me", json={"name": name, "bio": "b"}, headers=signed_in(ada))
        assert await found(client, "zoe w") == [name]
        assert (await outbox.rows(MISSING))[0]["count"] == 0


async def test_what_the_release_before_writes_is_found_soon(app: FastAPI, client: AsyncClient, outbox: Outbox) -> None:
    insert = "INSERT INTO profiles (id, email, name, account_version) VALUES ($1, 'a@example.com', $2, 1)"
    await outbox.rows(insert, 41_000, "Perpetua")
    await app.state.backfill.fill_missing()
    assert await found(client, "perpet") == ["Perpetua"]
    await outbox.rows("UPDATE profiles SET name = 'Felicitas', version = version + 1 WHERE id = 41000")
    assert await found(client, "perpet") == []
    await app.state.backfill.fill_missing()
    assert await found(client, "felici") == ["Felicitas"]


async def test_a_fold_of_a_name_that_has_changed_meanwhile_is_not_stored(app: FastAPI, outbox: Outbox) -> None:
    insert = "INSERT INTO profiles (id, email, name, account_version) VALUES ($1, 'b@example.com', $2, 1)"
    await outbox.rows(insert, 42_000, "Before")
    async with app.state.database.transaction() as session:
        rows = (await session.execute(NAMES.missing, {"after": 41_999, "most": 1})).all()
    await outbox.rows("UPDATE profiles SET name = 'After' WHERE id = 42000")
    async with app.state.database.transaction() as session:
        await session.execute(NAMES.store, store_params(rows, ["of before"] * len(rows)))
    assert (await outbox.rows("SELECT folded FROM profiles WHERE id = 42000"))[0]["folded"] is None


async def test_an_existing_database_is_mended(templates: dict[str, Template], tmp_path: Path) -> None:
    template, name = templates["users"], f"users_{uuid.uuid4().hex[:12]}"
    await template.prepare()
    await template.run(f'CREATE DATABASE "{name}" OWNER users_owner STRATEGY file_copy')
    before, folding = template.migrations_up_to("0006", tmp_path), template.migrations_up_to("0007", tmp_path)
    owner = template.owner_settings(name)
    await migrate(before, owner)
    connection: Any = await asyncpg.connect(
        str(owner.owner_database_url), password=owner.owner_database_password.get_secret_value()
    )
    try:
        await connection.execute(
            """INSERT INTO profiles (id, email, name, account_version)
            SELECT n, n || '@example.com', 'Straße ' || n, 1 FROM generate_series(1, 2500) AS n"""
        )
        await migrate(folding, owner)
        strasse = "SELECT count(*) FROM profiles WHERE folded LIKE '% strasse %'"
        assert await connection.fetchval(strasse) == 2500
        assert await connection.fetchval("SELECT count(*) FROM profiles WHERE search LIKE ' strasse %'") == 2500
        await connection.execute("UPDATE profiles SET folded = NULL WHERE id % 3 = 0")
        await connection.execute("UPDATE alembic_version SET version_num = '0006'")
        await migrate(folding, owner)
        assert await connection.fetchval(strasse) == 2500
    finally:
        await connection.close()
        await template.drop(name)
