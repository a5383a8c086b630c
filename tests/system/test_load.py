"""What a load makes of its own mistakes."""

import pytest

from tests.system.conftest import Person
from tests.system.load import Load
from tests.system.users import Users

SOMEBODY = Person(1, "Ada", "ada@example.com", "secret", {"access_token": "a", "refresh_token": "r"})


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
