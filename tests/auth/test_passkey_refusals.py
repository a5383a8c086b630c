"""Answers of authenticators that are refused: each part of them wrong in turn."""

from collections.abc import Callable
from typing import Any, Final

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from httpx import AsyncClient

from auth.services.passkeys import challenges
from tests.auth.authenticator import BS, UP, UV, Authenticator, b64, rs256, unb64
from tests.auth.conftest import Connection, Join, Member, outcome
from tests.auth.passkeys import PASSKEYS, add, enter, options, request_options, send, sign_in

REFUSED: Final = (401, "wrong-credentials")
NOT_VALID: Final = (400, "passkey-not-valid")
NESTED: Final = b"[" * 8000
Change = Callable[[dict[str, Any]], object]

# By what is wrong: fields of the authenticator, for both ceremonies.
WRONG_DEVICE: Final[dict[str, dict[str, Any]]] = {
    "another origin": {"origin": "https://evil.example"},
    "the site's origin at its IP address": {"origin": "http://127.0.0.1:8000"},
    "the site's origin with https": {"origin": "https://localhost:8000"},
    "the site's host at another port": {"origin": "http://localhost:8001"},
    "a host below the site's": {"origin": "http://evil.localhost:8000"},
    "no origin": {"more": {"origin": None}},
    "another site": {"rp_id": "evil.example"},
    "a page of another site around it": {"more": {"crossOrigin": True}},
    "another type": {"more": {"type": "payment.get"}},
    "a challenge of somebody's own": {"more": {"challenge": b64(bytes(72))}},
    "an empty challenge": {"more": {"challenge": ""}},
    "a challenge that is no text": {"more": {"challenge": 7}},
    "nobody present": {"flags": UV},
    "backed up, although that is not possible": {"flags": UP | UV | BS},
}
# Then by what is wrong with the answer itself.
WRONG_ASSERTION: Final[dict[str, Change]] = {
    "client data that is no JSON": lambda answer: answer["response"].update(clientDataJSON=b64(b"{")),
    "client data that is a list": lambda answer: answer["response"].update(clientDataJSON=b64(b"[]")),
    "client data that nests deeply": lambda answer: answer["response"].update(clientDataJSON=b64(NESTED)),
    "no authenticator data": lambda answer: answer["response"].update(authenticatorData=""),
    "authenticator data cut off": lambda answer: cut(answer["response"], "authenticatorData"),
    "authenticator data with more": lambda answer: extend(answer["response"], "authenticatorData"),
    "no signature": lambda answer: answer["response"].update(signature=""),
    "a signature cut off": lambda answer: cut(answer["response"], "signature"),
    "a signature with more": lambda answer: extend(answer["response"], "signature"),
    "no handle": lambda answer: answer["response"].update(userHandle=""),
    "the handle of another account": lambda answer: answer["response"].update(userHandle=b64(bytes(32))),
    "two ids": lambda answer: answer.update(id=b64(b"another")),
    "an id of bits that do not count": lambda answer: answer.update(id="A", rawId="A"),
}
WRONG_ATTESTATION: Final[dict[str, Change]] = {
    "client data that is no JSON": WRONG_ASSERTION["client data that is no JSON"],
    "client data that nests deeply": WRONG_ASSERTION["client data that nests deeply"],
    "no attestation": lambda answer: answer["response"].update(attestationObject=""),
    "an attestation that is no map": lambda answer: answer["response"].update(attestationObject=b64(cbor2.dumps([1]))),
    "an attestation of nothing": lambda answer: answer["response"].update(attestationObject=b64(cbor2.dumps({}))),
    "an attestation that nests deeply": lambda answer: answer["response"].update(attestationObject=b64(b"\x81" * 8000)),
    "an attestation of a length that is a lie": lambda answer: answer["response"].update(
        attestationObject=b64(b"\x9b" + b"\xff" * 8)
    ),
    "two ids": lambda answer: answer.update(id=b64(b"another")),
}
# By what is wrong: the new key.
WRONG_KEY: Final[dict[str, dict[str, Any]]] = {
    "an unknown algorithm": {"public": {3: -9999}},
    "an algorithm that was not offered": {"public": {3: -35}},
    "an algorithm of another kind of key": {"public": {3: -257}},
    "no algorithm": {"public": {3: None}},
    "another curve": {"key": ec.generate_private_key(ec.SECP384R1())},
    "a point beside the curve": {"public": {-2: bytes(32)}},
    "coordinates that are no bytes": {"public": {-2: "x", -3: [1]}},
    "a short RSA key": {"key": rs256(), "public": {-1: b"\xff" * 128}},
    "a huge RSA key": {"key": rs256(), "public": {-1: b"\xff" * 6000}},
    "an RSA key of a small exponent": {"key": rs256(), "public": {-2: b"\x03"}},
    "a manufacturer's attestation": {"fmt": "tpm"},
    "an unknown attestation": {"fmt": "carrier-pigeon"},
}


def cut(part: dict[str, str], name: str) -> None:
    part[name] = b64(unb64(part[name])[:-1])


def extend(part: dict[str, str], name: str) -> None:
    part[name] = b64(unb64(part[name]) + b"\x00")


@pytest.fixture
async def ada(join: Join) -> Member:
    return await join()


@pytest.mark.parametrize("wrong", WRONG_DEVICE.values(), ids=WRONG_DEVICE)
async def test_a_wrong_device_neither_signs_in_nor_is_added(
    client: AsyncClient, ada: Member, wrong: dict[str, Any]
) -> None:
    device = Authenticator()
    await add(client, ada, device)
    right = {name: getattr(device, name) for name in wrong}
    for name, value in wrong.items():
        setattr(device, name, value)
    assert outcome(await sign_in(client, device)) == REFUSED
    assert outcome(await send(client, ada, Authenticator(**wrong).make(await options(client, ada)))) == NOT_VALID
    for name, value in right.items():
        setattr(device, name, value)
    assert (await sign_in(client, device)).status_code == 200


@pytest.mark.parametrize("change", WRONG_ASSERTION.values(), ids=WRONG_ASSERTION)
async def test_a_wrong_assertion_does_not_sign_in(client: AsyncClient, ada: Member, change: Change) -> None:
    device = Authenticator()
    await add(client, ada, device)
    answer = device.answer(await request_options(client))
    change(answer)
    assert outcome(await enter(client, answer)) == REFUSED
    assert (await sign_in(client, device)).status_code == 200


@pytest.mark.parametrize("change", WRONG_ATTESTATION.values(), ids=WRONG_ATTESTATION)
async def test_a_wrong_attestation_is_not_added(client: AsyncClient, ada: Member, change: Change) -> None:
    answer = Authenticator().make(await options(client, ada))
    change(answer)
    assert outcome(await send(client, ada, answer)) == NOT_VALID


@pytest.mark.parametrize("wrong", WRONG_KEY.values(), ids=WRONG_KEY)
async def test_a_passkey_with_a_wrong_key_is_not_added(
    client: AsyncClient, ada: Member, wrong: dict[str, Any], superuser: Connection
) -> None:
    answer = Authenticator(**wrong).make(await options(client, ada))
    reply = await send(client, ada, answer)
    assert outcome(reply) == NOT_VALID
    assert await superuser.fetchval("SELECT count(*) FROM passkeys WHERE account_id = $1", ada.id) == 0


@pytest.mark.parametrize("size", [0, 1024])
async def test_a_credential_id_of_another_size_is_not_added(client: AsyncClient, ada: Member, size: int) -> None:
    answer = Authenticator(credential_id=bytes(size)).make(await options(client, ada))
    assert outcome(await send(client, ada, {**answer, "id": "AAAA", "rawId": "AAAA"})) == NOT_VALID


async def test_an_attestation_cut_off_anywhere_is_not_added(client: AsyncClient, ada: Member) -> None:
    answer = Authenticator().make(await options(client, ada))
    whole = unb64(answer["response"]["attestationObject"])
    for length in range(0, len(whole), 7):
        answer["response"]["attestationObject"] = b64(whole[:length])
        assert outcome(await send(client, ada, answer)) == NOT_VALID, length
    answer["response"]["attestationObject"] = b64(whole)
    assert (await send(client, ada, answer)).status_code == 201, "a refused answer spends no challenge"


async def test_a_challenge_is_for_its_purpose_account_and_session(
    client: AsyncClient, ada: Member, join: Join, superuser: Connection
) -> None:
    device, eve = Authenticator(), await join()
    await add(client, ada, device)
    form = {"username": ada.person.email, "password": ada.person.password}
    elsewhere = Member(ada.person, (await client.post("/auth/token", data=form)).json())
    own = await options(client, ada)
    for challenge in (
        (await options(client, eve))["challenge"],
        (await options(client, elsewhere))["challenge"],
        (await request_options(client))["challenge"],
    ):
        assert outcome(await send(client, ada, Authenticator().make({**own, "challenge": challenge}))) == NOT_VALID
    assert outcome(await enter(client, device.answer(own))) == REFUSED
    assert (await send(client, ada, Authenticator().make(own))).status_code == 201


async def test_a_challenge_expires(client: AsyncClient, ada: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Authenticator()
    await add(client, ada, device)
    creation, request = await options(client, ada), await request_options(client)
    monkeypatch.setattr(challenges, "LIFETIME", challenges.LIFETIME * 0)
    assert outcome(await send(client, ada, Authenticator().make(creation))) == NOT_VALID
    assert outcome(await enter(client, device.answer(request))) == REFUSED


async def test_a_session_that_ended_adds_nothing(client: AsyncClient, ada: Member) -> None:
    """Even before its access token is refused."""
    asked = await options(client, ada)
    assert (await client.post("/auth/revoke", data={"token": ada.tokens["refresh_token"]})).status_code == 200
    reply = await send(client, ada, Authenticator().make(asked))
    assert outcome(reply) in {(401, "insufficient-user-authentication"), (401, "invalid-token")}


async def test_bodies_are_bounded(client: AsyncClient, ada: Member) -> None:
    answer = Authenticator().make(await options(client, ada))
    long = {**answer, "response": {**answer["response"], "attestationObject": "A" * 15_000}}
    assert outcome(await send(client, ada, long))[0] == 422
    huge = {**answer, "response": {**answer["response"], "attestationObject": "A" * 17_000}}
    assert outcome(await send(client, ada, huge))[0] == 413
    assert (await enter(client, {**answer, "id": "A" * 17_000})).status_code == 413
    many = {**answer, "response": {**answer["response"], "transports": ["usb"] * 21}}
    assert outcome(await send(client, ada, many))[0] == 422
    for name in ("", " ", "x" * 101, "two\nlines", "\x00"):
        assert outcome(await send(client, ada, answer, name))[0] == 422, name
    assert (await client.post(PASSKEYS, json={"name": "x"}, headers=ada.headers)).status_code == 422
