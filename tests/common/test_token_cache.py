"""The verifier's cache of tokens, and the checks of each request."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwk, jwt
from jose.backends.base import Key
from structlog.testing import capture_logs

from common.tokens import verifier as tokens
from common.tokens.claims import InvalidToken, KeysUnavailable
from common.tokens.verifier import TokenVerifier
from tests.common.conftest import FakeClock
from tests.peers import NothingRevoked


def new_key() -> Key:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwk.construct(pem.decode(), "ES256")


class KeyTable:
    """`Keys` that counts its calls, to distinguish cache hits from checks."""

    def __init__(self, **keys: Key) -> None:
        self.keys = {kid: key.public_key() for kid, key in keys.items()}
        self.asked = 0
        self.away = False

    async def find(self, kid: str) -> Key | None:
        self.asked += 1
        if self.away:
            raise KeysUnavailable("none")
        return self.keys.get(kid)

    def knows(self, kid: str) -> bool:
        return kid in self.keys and not self.away


KEY = new_key()
SID = "8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"


def token(clock: FakeClock, *, kid: str = "k1", key: Key = KEY, **changes: object) -> str:
    now = int(clock())
    who = {"iss": "http://issuer", "aud": ["posts"], "sub": "7", "client_id": "trivium", "scope": "api", "sid": SID}
    claims = {**who, "roles": [], "jti": "j", "iat": now, "nbf": now, "exp": now + 300, **changes}
    return jwt.encode(claims, key, algorithm="ES256", headers={"typ": "at+jwt", "kid": kid})


def verifier_of(keys: KeyTable, clock: FakeClock) -> TokenVerifier:
    return TokenVerifier(keys, NothingRevoked(), issuer="http://issuer", audience="posts", now=clock)


async def test_a_known_token_is_not_checked_twice(clock: FakeClock) -> None:
    keys = KeyTable(k1=KEY)
    verifier = verifier_of(keys, clock)
    good = token(clock)
    first, second = await verifier.verify(good), await verifier.verify(good)
    assert first is second
    assert (first.account_id, first.scope, first.roles, first.sid) == (7, "api", (), SID)
    assert keys.asked == 1


async def test_a_known_token_still_expires(clock: FakeClock) -> None:
    """S-16"""
    verifier = verifier_of(KeyTable(k1=KEY), clock)
    good = token(clock)
    await verifier.verify(good)
    clock.now += 300 + tokens.LEEWAY - 0.001
    await verifier.verify(good)
    clock.now += 0.001
    with pytest.raises(InvalidToken):
        await verifier.verify(good)


async def test_a_known_token_ends_with_its_key(clock: FakeClock) -> None:
    """S-21"""
    keys = KeyTable(k1=KEY)
    verifier = verifier_of(keys, clock)
    good = token(clock)
    await verifier.verify(good)
    del keys.keys["k1"]
    with pytest.raises(InvalidToken):
        await verifier.verify(good)
    keys.keys["k1"] = new_key().public_key()
    with pytest.raises(InvalidToken):
        await verifier.verify(token(clock))


async def test_without_keys_a_known_token_is_a_503_and_never_let_in(clock: FakeClock) -> None:
    """S-22"""
    keys = KeyTable(k1=KEY)
    verifier = verifier_of(keys, clock)
    good = token(clock)
    await verifier.verify(good)
    keys.away = True
    with pytest.raises(KeysUnavailable):
        await verifier.verify(good)


async def test_a_refused_token_is_not_remembered(clock: FakeClock) -> None:
    keys = KeyTable(k1=KEY)
    verifier = verifier_of(keys, clock)
    early = token(clock, nbf=int(clock()) + 60)
    with pytest.raises(InvalidToken):
        await verifier.verify(early)
    clock.now += 60
    assert (await verifier.verify(early)).account_id == 7


async def test_the_cache_is_bounded(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is evicted first, and still works."""
    monkeypatch.setattr(tokens, "CACHED", 3)
    keys = KeyTable(k1=KEY)
    verifier = verifier_of(keys, clock)
    many = [token(clock, jti=str(number)) for number in range(5)]
    for one in many:
        await verifier.verify(one)
    assert len(verifier._seen) == 3
    asked = keys.asked
    await verifier.verify(many[4])
    assert keys.asked == asked
    await verifier.verify(many[0])
    assert keys.asked == asked + 1


@pytest.mark.parametrize("audience", ["auth", "users", "", "post"])
async def test_a_token_for_another_service_is_refused(clock: FakeClock, audience: str) -> None:
    """S-17"""
    verifier = verifier_of(KeyTable(k1=KEY), clock)
    with pytest.raises(InvalidToken):
        await verifier.verify(token(clock, aud=[audience]))


async def test_a_token_is_tried_with_the_key_that_it_names_and_no_other(clock: FakeClock) -> None:
    verifier = verifier_of(KeyTable(k1=KEY, k2=new_key()), clock)
    await verifier.verify(token(clock, kid="k1"))
    with pytest.raises(InvalidToken):
        await verifier.verify(token(clock, kid="k2"))


async def test_why_a_token_is_refused_is_not_told(clock: FakeClock) -> None:
    verifier = verifier_of(KeyTable(k1=KEY), clock)
    said = set()
    for bad in (
        "",
        "x",
        token(clock, exp=1),
        token(clock, aud=["x"]),
        token(clock, kid="?"),
        token(clock, key=new_key()),
    ):
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(bad)
        said.add(json.dumps(str(refusal.value)))
    assert len(said) == 1


async def test_a_token_of_the_future_is_refused_and_tells_of_a_clock_that_is_wrong(clock: FakeClock) -> None:
    """R-24: its signature is valid, so auth issued it, with another clock."""
    verifier = verifier_of(KeyTable(k1=KEY), clock)
    now = int(clock())
    await verifier.verify(token(clock, iat=now + tokens.LEEWAY))
    with capture_logs() as told, pytest.raises(InvalidToken):
        await verifier.verify(token(clock, iat=now + 60, nbf=now + 60, exp=now + 360))
    assert [line["event"] for line in told] == ["clock skew: a token of the future"]
