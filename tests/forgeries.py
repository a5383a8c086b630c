"""Forged, malformed, mistyped or foreign tokens for each service's tests (S-15, S-16, S-17)."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from httpx import AsyncClient, Response
from jose import jwk, jwt

from common.services import AUDIENCES
from common.tokens.scopes import KEY_SCOPES
from tests.mint import NEVER, Mint, b64, without

Forge = Callable[[Mint], str]
KEYS_SCOPE = " ".join(KEY_SCOPES)
CLAIMS = ("iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "client_id", "scope")


def other_key() -> Any:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwk.construct(pem.decode(), "ES256")


def raw_claims(mint: Mint, **raw: str) -> bytes:
    """Claims as JSON text, with values that no Python value could produce."""
    texts = {name: json.dumps(value) for name, value in mint.claims().items()} | raw
    return ("{" + ",".join(f'"{name}":{value}' for name, value in texts.items()) + "}").encode()


def hs256(mint: Mint, secret: bytes) -> str:
    """A token for verifiers that take the algorithm from the token, and the public key as an HMAC secret."""
    signed = ".".join(b64(json.dumps(part).encode()) for part in (mint.header(alg="HS256"), mint.claims()))
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def public(mint: Mint) -> Any:
    return mint.key.public_key()


def unsigned(mint: Mint, **header: object) -> str:
    return mint.token(header=mint.header(**header)).rpartition(".")[0]


def last_bit(token: str) -> str:
    """Another spelling of the same signature: the last of 86 letters has four unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


HEADERS: dict[str, dict[str, object]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": "None"},
    "alg ES384": {"alg": "ES384"},
    "alg es256": {"alg": "es256"},
    "alg RS256": {"alg": "RS256"},
    "alg null": {"alg": None},
    "alg a list": {"alg": ["ES256"]},
    "typ JWT": {"typ": "JWT"},
    "typ refresh": {"typ": "rt+jwt"},
    "typ upper case": {"typ": "AT+JWT"},
    "typ null": {"typ": None},
    "typ a list": {"typ": ["at+jwt"]},
    "kid unknown": {"kid": "nobody's"},
    "kid empty": {"kid": ""},
    "kid null": {"kid": None},
    "kid a number": {"kid": 7},
    "kid a list": {"kid": ["x"]},
    "kid an object": {"kid": {"a": 1}},
    "kid a path": {"kid": "../../dev/null"},
    "kid with NUL": {"kid": "\0"},
    "kid a lone surrogate": {"kid": "\ud800"},
    "crit": {"crit": ["exp"]},
    "crit empty": {"crit": []},
    "b64 false": {"b64": False, "crit": ["b64"]},
    "jku": {"jku": "http://127.0.0.1:1/jwks.json"},
    "jwk": {"jwk": {"kty": "EC"}},
    "x5u": {"x5u": "http://127.0.0.1:1/"},
    "x5c": {"x5c": ["MII"]},
    "cty": {"cty": "JWT"},
    "zip": {"zip": "DEF"},
    "enc": {"enc": "A256GCM"},
}
MISTYPED: dict[str, tuple[object, ...]] = {
    "iss": (7, None, ["http://127.0.0.1:8000"], {}, "http://evil.example", "http://127.0.0.1:8000/", ""),
    "aud": (
        " ".join(AUDIENCES),
        None,
        [],
        ["Auth", "Users", "Posts"],
        [7],
        [None],
        {"auth": 1},
        [list(AUDIENCES)],
        7,
    ),
    "sub": (7, None, "", "0", "-7", "07", "7.0", "7 ", " 7", "1e3", "\uff17", "svc:users", ["7"], {}, "9" * 17, True),
    "iat": ("1", 1.5, True, None, [], {}, "now"),
    "nbf": ("1", 1.5, True, None, [], {}),
    "exp": ("9999999999", True, None, [], {}, "never"),
    "jti": (7, None, "", [], {}),
    "sid": (7, None, "", [], {}, True, "s", NEVER.upper()[:-1] + "F", NEVER.replace("-", "")),
    "client_id": (7, None, "", [], {}),
    "scope": (7, None, "", [], {}, "internal", "admin", "api internal", ["api"], "API"),
    "roles": ("admin", 7, None, {}, [7], [["admin"]], [None]),
}
TIMES: dict[str, Callable[[int], dict[str, object]]] = {
    "expired": lambda now: {"iat": now - 400, "nbf": now - 400, "exp": now - 100},
    "expired beyond the leeway": lambda now: {"iat": now - 300, "nbf": now - 300, "exp": now - 11},
    "issued in the future": lambda now: {"iat": now + 60, "exp": now + 300},
    "not yet": lambda now: {"nbf": now + 60},
    "lifetime above an hour": lambda now: {"exp": now + 3601},
    "lifetime of a century": lambda now: {"exp": now + 3_153_600_000},
    "expires before it was issued": lambda now: {"iat": now, "exp": now - 1},
    "no lifetime": lambda now: {"exp": now},
    "issued in 1970": lambda now: {"iat": 0},
    "issued before 1970": lambda now: {"iat": -now},
    "huge": lambda now: {"iat": 10**300, "nbf": 10**300, "exp": 10**300 + 1},
    "float": lambda now: {"exp": now + 300.0},
}
OTHERS: dict[str, Forge] = {
    "for another service": lambda mint: mint.token(mint.claims(aud=[mint.elsewhere])),
    "for this service, but not in a list": lambda mint: mint.token(mint.claims(aud=mint.audience)),
    "empty": lambda mint: "",
    "a word": lambda mint: "nonsense",
    "dots": lambda mint: "..",
    "no signature": lambda mint: unsigned(mint) + ".",
    "two parts": unsigned,
    "alg none without signature": lambda mint: unsigned(mint, alg="none") + ".",
    "five parts": lambda mint: mint.token() + ".AAAA.AAAA",
    "four parts": lambda mint: mint.token() + ".AAAA",
    "5000 characters": lambda mint: mint.token(mint.claims(roles=["x" * 5000])),
    "5000 letters": lambda mint: "a" * 5000,
    "another key": lambda mint: replace(mint, key=other_key()).token(),
    "no kid": lambda mint: mint.token(header=without(mint.header(), "kid")),
    "no typ": lambda mint: mint.token(header=without(mint.header(), "typ")),
    "no alg": lambda mint: mint.token(header=without(mint.header(), "alg")),
    "HS256 with the public PEM": lambda mint: hs256(mint, public(mint).to_pem()),
    "HS256 with the key id": lambda mint: hs256(mint, mint.kid.encode()),
    "HS256 with the public coordinate": lambda mint: hs256(mint, public(mint).to_dict()["x"].encode()),
    "HS256 with an empty key": lambda mint: hs256(mint, b""),
    "changed claims": lambda mint: ".".join(
        [*mint.token().split(".")[:1], b64(json.dumps(mint.claims(sub="1")).encode()), mint.token().split(".")[2]]
    ),
    "signature in DER": lambda mint: unsigned(mint) + "." + b64(b"0E\x02 " + b"\1" * 32 + b"\x02!" + b"\1" * 33),
    "signature of zeros": lambda mint: unsigned(mint) + "." + b64(bytes(64)),
    "signature too short": lambda mint: mint.token()[:-8],
    "signature with a bit more": lambda mint: last_bit(mint.token()),
    "padding": lambda mint: mint.token() + "==",
    "padded header": lambda mint: mint.token().replace(".", "=.", 1),
    "standard base64": lambda mint: mint.token().replace("-", "+").replace("_", "/") + "+",
    "line break at the end": lambda mint: mint.token() + "\t",
    "space inside": lambda mint: mint.token().replace(".", " .", 1),
    "full-width dot": lambda mint: mint.token().replace(".", "\u3002".encode().decode("latin-1"), 1),
    "claims not canonical": lambda mint: mint.sign(
        b64(json.dumps(mint.header()).encode()) + "." + last_bit(b64(json.dumps(mint.claims()).ljust(500).encode()))
    ),
    "header named twice": lambda mint: mint.token(
        header=json.dumps(mint.header()).replace("{", '{"alg":"none",', 1).encode()
    ),
    "claim named twice": lambda mint: mint.token(
        json.dumps(mint.claims()).replace("{", f'{{"sub":"{mint.account_id}",', 1).encode()
    ),
    "header not UTF-8": lambda mint: mint.token(header=b'{"alg":"ES256","\xff":1}'),
    "claims not UTF-8": lambda mint: mint.token(json.dumps(mint.claims()).encode() + b"\xff"),
    "claims in UTF-16": lambda mint: mint.token(json.dumps(mint.claims()).encode("utf-16")),
    "claims with a byte order mark": lambda mint: mint.token(b"\xef\xbb\xbf" + json.dumps(mint.claims()).encode()),
    "claims a list": lambda mint: mint.token(b"[1]"),
    "claims a string": lambda mint: mint.token(b'"sub"'),
    "claims null": lambda mint: mint.token(b"null"),
    "claims no JSON": lambda mint: mint.token(b"{sub:1}"),
    "header a list": lambda mint: mint.token(header=b"[1]"),
    "header null": lambda mint: mint.token(header=b"null"),
    "header deeply nested": lambda mint: mint.token(header=b"[" * 2800),
    "claims deeply nested": lambda mint: mint.token(b'{"a":' * 500),
    "exp 1e400": lambda mint: mint.token(raw_claims(mint, exp="1e400")),
    "exp NaN": lambda mint: mint.token(raw_claims(mint, exp="NaN")),
    "exp Infinity": lambda mint: mint.token(raw_claims(mint, exp="Infinity")),
    "exp 1e10": lambda mint: mint.token(raw_claims(mint, exp="1e10")),
    "exp of 2000 digits": lambda mint: mint.token(raw_claims(mint, exp="9" * 2000)),
    "iat -Infinity": lambda mint: mint.token(raw_claims(mint, iat="-Infinity")),
    "encrypted": lambda mint: (
        b64(b'{"alg":"dir","enc":"A256GCM"}') + ".." + ".".join(base64.b64encode(b"x" * 12).decode() for _ in "123")
    ),
    "a refresh token": lambda mint: f"rt1.00000000.{'0' * 32}.1.{'A' * 43}",
    "a service's token for another service": lambda mint: mint.token(
        without(mint.claims(sub="svc:users", client_id="svc:users", scope="internal", aud=[mint.elsewhere]), "sid")
    ),
    "a service with a session": lambda mint: mint.token(
        mint.claims(sub="svc:users", client_id="svc:users", scope="internal", aud=[mint.audience])
    ),
    "a service in another's name": lambda mint: mint.token(
        without(mint.claims(sub="svc:users", client_id="svc:posts", scope="internal"), "sid")
    ),
    "a service that is a number": lambda mint: mint.token(
        without(mint.claims(sub="7", client_id="7", scope="internal"), "sid")
    ),
    "a key with all rights": lambda mint: mint.token(mint.claims(client_id="key")),
    "a key that is a service": lambda mint: mint.token(mint.claims(client_id="key", scope="internal")),
    "a key with a role": lambda mint: mint.token(mint.claims(client_id="key", scope=KEYS_SCOPE, roles=["admin"])),
    "a key without an id": lambda mint: mint.token(without(mint.claims(client_id="key", scope=KEYS_SCOPE), "sid")),
    "a key of a service": lambda mint: mint.token(mint.claims(client_id="key", scope=KEYS_SCOPE, sub="svc:users")),
    "a key's scope with a blank more": lambda mint: mint.token(mint.claims(client_id="key", scope=KEYS_SCOPE + " ")),
    "a key's scope and another": lambda mint: mint.token(mint.claims(client_id="key", scope=KEYS_SCOPE + " api")),
    "a key's scope without a key": lambda mint: mint.token(mint.claims(scope=KEYS_SCOPE)),
    "jose's own, without typ": lambda mint: jwt.encode(
        mint.claims(), mint.key, algorithm="ES256", headers={"kid": mint.kid}
    ),
}


def with_header(changes: dict[str, object]) -> Forge:
    return lambda mint: mint.token(header=mint.header(**changes))


def with_claims(changes: dict[str, object]) -> Forge:
    return lambda mint: mint.token(mint.claims(**changes))


def with_times(change: Callable[[int], dict[str, object]]) -> Forge:
    return lambda mint: mint.token(mint.claims(**change(int(time.time()))))


def lacking(claim: str) -> Forge:
    return lambda mint: mint.token(without(mint.claims(), claim))


FORGERIES: dict[str, Forge] = {
    **{f"header: {name}": with_header(changes) for name, changes in HEADERS.items()},
    **{f"no {name}": lacking(name) for name in CLAIMS},
    **{f"{name}: {value!a}": with_claims({name: value}) for name, values in MISTYPED.items() for value in values},
    **{f"times: {name}": with_times(change) for name, change in TIMES.items()},
    **OTHERS,
}


PROMPT: Final = 0.05
"""Seconds."""
BARE: Final = 'Bearer realm="trivium"'
"""The challenge to a request without a token (RFC 6750, section 3.1)."""


async def survives(client: AsyncClient, path: str, mint: Mint, forge: Forge) -> None:
    """A forgery is refused with a problem, and a valid token works before and after it."""
    good = mint.token()
    assert (await client.get(path, headers=bearer(good))).status_code == 200
    forged = forge(mint)
    assert forged != good
    reply = await offer(client, path, forged)
    code, challenge = ("invalid-token", f'{BARE}, error="invalid_token"') if forged else ("sign-in-required", BARE)
    assert (reply.status_code, reply.json()["code"]) == (401, code), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["www-authenticate"] == challenge
    assert not forged or forged not in reply.text
    assert (await client.get(path, headers=bearer(good))).status_code == 200


async def are_refused_promptly(client: AsyncClient, path: str, mint: Mint) -> None:
    for name, forge in FORGERIES.items():
        replies = [await offer(client, path, forge(mint)) for _ in range(5)]
        assert median(reply.elapsed.total_seconds() for reply in replies) <= PROMPT, name


async def offer(client: AsyncClient, path: str, forged: str) -> Response:
    return await client.get(path, headers=[(b"Authorization", b"Bearer " + forged.encode("latin-1"))])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


every_forgery = pytest.mark.parametrize("forge", FORGERIES.values(), ids=[ascii(name) for name in FORGERIES])
