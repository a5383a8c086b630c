# file: only with posts
"""The load generator's handling of its own errors."""

from itertools import pairwise

import pytest
from httpx import Response

from tests.system.conftest import Person
from tests.system.ledger import Ledger, Write
from tests.system.load import MIX, Load
from tests.system.users import ROUND, Users, parsed

SOMEBODY = Person(1, "Ada", "ada@example.com", "secret", {"access_token": "a", "refresh_token": "r"})


def test_an_answer_that_breaks_off_is_none() -> None:
    whole = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}"
    assert (parsed(whole).status_code, parsed(whole).headers["Retry-After"]) == (503, "1")
    assert parsed(b"").status_code == 0
    for half in (whole[:-1], whole[:30]):
        with pytest.raises(ConnectionResetError):
            parsed(half)


async def test_everybody_does_everything_and_undoes_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """In two minutes of load. Otherwise nothing would change, and nothing could be lost."""
    people = [Person(number, f"P{number}", "", "", {"access_token": "a"}) for number in range(20)]
    users = Users({}, people, Ledger(), [], 1.0)
    for number in range(5):
        post = users.ledger.create("/posts", str(number), 0)
        post.id, post.answer = 100 + number, "ok"

    async def ask(person: Person, kind: str, wanted: int, *request: str, **more: object) -> tuple[Write, Response]:
        return Write(None, 0.0, 0.0, "ok"), Response(wanted)

    monkeypatch.setattr(users, "ask", ask)
    assert len(MIX) == ROUND
    changes = [number for number in range(6000) if MIX[number % ROUND] == "change"]
    for number in changes:
        await users.change(number)
    writes = users.ledger.writes
    for kind in ("bio", "follow", "like"):
        assert {name[1] for name in writes if name[0] == kind} == set(range(20)), kind
    toggled = [[write.value for write in some] for name, some in writes.items() if name[0] != "bio"]
    assert all(before is not after for some in toggled for before, after in pairwise([False, *some]))
    undone = sum(value is False for some in toggled for value in some)
    assert undone > len(changes) / 10


async def broken(number: int) -> None:
    raise ZeroDivisionError(number)


async def test_what_goes_wrong_in_a_request_of_the_load_fails_the_test() -> None:
    async def use() -> None:
        async with Load("http://127.0.0.1:9", 1.0).on([SOMEBODY]) as users:
            users.kinds["read"] = broken
            users.begin("read", 7)

    with pytest.raises(ExceptionGroup) as told:
        await use()
    assert told.group_contains(ZeroDivisionError)


async def test_what_ends_the_sending_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    async def send(load: Load, users: Users) -> None:
        raise LookupError("no such kind")

    monkeypatch.setattr(Load, "send", send)
    with pytest.raises(ExceptionGroup) as told:
        async with Load("http://127.0.0.1:9", 1.0).on([SOMEBODY]) as users:
            await users.read(0)
    assert told.group_contains(LookupError)
