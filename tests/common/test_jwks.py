"""auth's key set in the other services (S-22)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from auth.services.signing_keys.material import KeyCipher, new_key
from common.background import background_tasks
from common.tokens import jwks
from common.tokens.claims import KeysUnavailable
from common.tokens.jwks import RemoteKeys
from common.tokens.replies import Http
from tests.common.conftest import FakeClock
from tests.waiting import GENEROUS, eventually

CIPHER = KeyCipher("a secret of the tests")
URL = "http://auth.test/.well-known/jwks.json"


def public_key() -> dict[str, Any]:
    return new_key(CIPHER, "active").public_jwk


FIRST, SECOND = public_key(), public_key()


class Auth(httpx.AsyncBaseTransport):
    """A stub of the network: configured answers and delays; counts the calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json={"keys": [FIRST]})

    def publish(self, *keys: dict[str, Any]) -> None:
        self.answer = lambda: httpx.Response(200, json={"keys": list(keys)})

    def be_away(self) -> None:
        def refuse() -> httpx.Response:
            raise httpx.ConnectError("refused")

        self.answer = refuse

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.calls += 1
        await asyncio.sleep(0.005)
        return self.answer()


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
def keys(auth: Auth, clock: FakeClock) -> RemoteKeys:
    return RemoteKeys(Http(auth), URL, clock=clock)


async def test_the_first_token_fetches_the_keys_and_the_next_do_not(auth: Auth, keys: RemoteKeys) -> None:
    assert not keys.usable
    assert not keys.knows(FIRST["kid"])
    for _ in range(5):
        assert await keys.find(FIRST["kid"]) is not None
    assert (keys.usable, keys.knows(FIRST["kid"]), auth.calls) == (True, True, 1)


async def test_many_at_once_fetch_once(auth: Auth, keys: RemoteKeys) -> None:
    found = await asyncio.gather(*(keys.find(FIRST["kid"]) for _ in range(50)))
    assert all(found)
    assert auth.calls == 1


async def test_a_new_key_is_fetched_when_its_first_token_comes(auth: Auth, keys: RemoteKeys, clock: FakeClock) -> None:
    await keys.find(FIRST["kid"])
    auth.publish(FIRST, SECOND)
    clock.now += jwks.COOL_DOWN
    assert await keys.find(SECOND["kid"]) is not None
    assert auth.calls == 2


async def test_a_fetch_on_schedule_puts_off_none_for_an_unknown_key(
    auth: Auth, keys: RemoteKeys, clock: FakeClock
) -> None:
    """S-20: keys that sign soon after they were published, as after `auth keys rotate --now`."""
    async with background_tasks(keys.keep_fresh()):
        await eventually(lambda: keys.usable)
        auth.publish(FIRST, SECOND)
        clock.now += 0.1
        assert await keys.find(SECOND["kid"]) is not None


async def test_a_flood_of_unknown_keys_costs_two_fetches_in_ten_seconds(
    auth: Auth, keys: RemoteKeys, clock: FakeClock
) -> None:
    """S-22: and valid tokens are not disturbed."""
    await keys.find(FIRST["kid"])
    for step in range(100):
        clock.now += 0.0999
        found = await asyncio.gather(*(keys.find(f"made-up-{step}-{n}") for n in range(10)), keys.find(FIRST["kid"]))
        assert found[:10] == [None] * 10
        assert found[10] is not None
    assert auth.calls - 1 <= 2


async def test_a_key_that_is_published_no_more_is_gone(auth: Auth, keys: RemoteKeys, clock: FakeClock) -> None:
    await keys.find(FIRST["kid"])
    auth.publish(SECOND)
    clock.now += jwks.COOL_DOWN
    await keys.find(SECOND["kid"])
    assert not keys.knows(FIRST["kid"])
    assert await keys.find(FIRST["kid"]) is None


async def test_the_last_good_set_serves_for_an_hour_without_auth(
    auth: Auth, keys: RemoteKeys, clock: FakeClock
) -> None:
    """S-22"""
    await keys.find(FIRST["kid"])
    auth.be_away()
    clock.now += jwks.KEEP_FOR - 1
    assert await keys.find("unknown") is None
    assert await keys.find(FIRST["kid"]) is not None
    clock.now += 1
    assert (keys.usable, keys.knows(FIRST["kid"])) == (False, False)
    with pytest.raises(KeysUnavailable):
        await keys.find(FIRST["kid"])
    auth.publish(FIRST)
    clock.now += jwks.COOL_DOWN
    assert await keys.find(FIRST["kid"]) is not None


async def test_without_any_keys_nobody_is_let_in(auth: Auth, keys: RemoteKeys, clock: FakeClock) -> None:
    """S-22: 503, fail closed; and auth is asked again after a while."""
    auth.be_away()
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await keys.find(FIRST["kid"])
    assert auth.calls == 1
    auth.publish(FIRST)
    clock.now += jwks.COOL_DOWN
    assert await keys.find(FIRST["kid"]) is not None


def off_curve() -> dict[str, Any]:
    return {**FIRST, "x": "A" * 43, "y": "A" * 43}


def text(content: bytes, status: int = 200, **headers: str) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, content=content, headers=headers)


GOOD = json.dumps({"keys": [SECOND]}).encode()
BAD: dict[str, Callable[[], httpx.Response]] = {
    "HTML": text(b"<html>hello</html>"),
    "nothing": text(b""),
    "a list": text(b"[]"),
    "no keys": text(b'{"keys":[]}'),
    "keys null": text(b'{"keys":null}'),
    "too many": text(json.dumps({"keys": [SECOND] * 21}).encode()),
    "too long": text(GOOD + b" " * jwks.MAX_BYTES),
    "not UTF-8": text(b"\xff" + GOOD),
    "deeply nested": text(b"[" * 50_000),
    "an RSA key": text(json.dumps({"keys": [{**SECOND, "kty": "RSA"}]}).encode()),
    "a key to encrypt": text(json.dumps({"keys": [{**SECOND, "use": "enc"}]}).encode()),
    "a secret key's algorithm": text(json.dumps({"keys": [{**SECOND, "alg": "HS256"}]}).encode()),
    "a key without id": text(json.dumps({"keys": [{**SECOND, "kid": ""}]}).encode()),
    "a point off the curve": text(json.dumps({"keys": [off_curve()]}).encode()),
    "a point that is no base64": text(json.dumps({"keys": [{**SECOND, "x": "!" * 43}]}).encode()),
    "a redirect": text(GOOD, 302, Location=URL),
    "an error": text(GOOD, 500),
    "not found": text(GOOD, 404),
    "no content": text(b"", 204),
    "a broken encoding": lambda: httpx.Response(
        200, stream=httpx.ByteStream(b"x"), headers={"Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=list(BAD))
async def test_a_bad_answer_changes_nothing_and_ends_nothing(
    auth: Auth, keys: RemoteKeys, clock: FakeClock, answer: Callable[[], httpx.Response]
) -> None:
    """S-22, S-30: neither the keys in use, nor the loop that keeps them fresh."""
    await keys.find(FIRST["kid"])
    auth.answer = answer
    clock.now += jwks.COOL_DOWN
    assert await keys.find(SECOND["kid"]) is None
    assert auth.calls == 2, "not followed, not tried again"
    assert await keys.find(FIRST["kid"]) is not None


@pytest.mark.parametrize("answer", BAD.values(), ids=list(BAD))
async def test_keeping_fresh_outlives_bad_answers(
    auth: Auth, keys: RemoteKeys, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], httpx.Response]
) -> None:
    monkeypatch.setattr(jwks, "RETRY_EVERY", 0.001)
    auth.answer = answer
    async with background_tasks(keys.keep_fresh()):
        await eventually(lambda: auth.calls >= 2)
        assert not keys.usable
        auth.publish(FIRST)
        await eventually(lambda: keys.knows(FIRST["kid"]))


async def test_no_mistake_ends_the_keeping_fresh(auth: Auth, keys: RemoteKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "RETRY_EVERY", 0.001)

    def stumble() -> httpx.Response:
        raise TypeError("a mistake")

    auth.answer = stumble
    async with background_tasks(keys.keep_fresh()):
        await eventually(lambda: auth.calls >= 2)
        auth.publish(FIRST)
        await eventually(lambda: keys.knows(FIRST["kid"]))


async def test_an_answer_that_trickles_is_given_up(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an endless answer would block all who wait for keys."""
    monkeypatch.setattr(jwks, "TIMEOUT", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=trickle()))
    async with asyncio.timeout(GENEROUS):
        with pytest.raises(KeysUnavailable):
            await RemoteKeys(Http(transport), URL, clock=clock).find(FIRST["kid"])
