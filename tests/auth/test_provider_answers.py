"""A provider that misbehaves: each of its wrong answers ends the flow, opens no account, and tells the page why."""

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response

from auth.clients.providers import calls
from auth.config import Settings
from tests.auth.conftest import Connection
from tests.auth.identity_provider import ISSUER, Browser, IdentityProvider, browser_of, new_key, site, someone, unpadded
from tests.conftest import Log

BAD = "provider-answer-not-valid"
AWAY = "provider-unavailable"


@pytest.fixture
async def idp() -> IdentityProvider:
    return IdentityProvider(person=someone())


@pytest.fixture
async def app(settings: Settings, idp: IdentityProvider) -> AsyncIterator[FastAPI]:
    """Of each test its own, since metadata and keys are kept."""
    async with site(settings, idp) as app:
        yield app


@pytest.fixture
async def browser(app: FastAPI, idp: IdentityProvider, superuser: Connection) -> AsyncIterator[Browser]:
    """At its end: nobody has got an account, or a code."""
    before = await superuser.fetchval("SELECT count(*) FROM accounts")
    async with browser_of(app, idp) as browser:
        yield browser
    assert await superuser.fetchval("SELECT count(*) FROM accounts") == before
    assert await superuser.fetchval("SELECT count(*) FROM provider_codes") == 0


SOON, LATE = timedelta(minutes=15), timedelta(hours=2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "x" * 43},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"aud": "another site"},
        {"aud": ["another site"]},
        {"aud": ["site", "another site"]},
        {"aud": []},
        {"azp": "another site"},
        {"aud": ["site", "another site"], "azp": "another site"},
        {"exp": -timedelta(minutes=2)},
        {"exp": "4102444800"},
        {"exp": None},
        {"iat": SOON},
        {"iat": -LATE},
        {"iat": None},
        {"nbf": SOON},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
        {"at_hash": "x" * 22},
    ],
    ids=str,
)
async def test_an_id_token_with_wrong_claims(browser: Browser, idp: IdentityProvider, wrong: dict[str, Any]) -> None:
    idp.claims = wrong
    assert await browser.visit() == {"provider-error": BAD}


async def test_an_unsigned_id_token(browser: Browser, idp: IdentityProvider) -> None:
    idp.header, idp.signs_with = {"alg": "none"}, ""
    assert await browser.visit() == {"provider-error": BAD}


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
async def test_an_id_token_under_a_shared_secret(browser: Browser, idp: IdentityProvider, algorithm: str) -> None:
    """The client's secret is one that the provider knows, too; and the published key is no secret."""
    idp.header, idp.signs_with = {"alg": algorithm}, "the client's secret + more" * 3
    assert await browser.visit() == {"provider-error": BAD}


async def test_an_id_token_under_another_key(browser: Browser, idp: IdentityProvider) -> None:
    idp.signs_with = new_key()
    assert await browser.visit() == {"provider-error": BAD}


async def test_an_id_token_that_wants_what_nobody_knows(browser: Browser, idp: IdentityProvider) -> None:
    """RFC 7515, section 4.1.11."""
    idp.header = {"crit": ["exp"], "exp": 1}
    assert await browser.visit() == {"provider-error": BAD}


async def test_an_id_token_whose_key_is_no_name(browser: Browser, idp: IdentityProvider) -> None:
    head, rest = idp.id_token("n").split(".", 1)
    header = json.loads(urlsafe_b64decode(head + "==")) | {"kid": 7}
    token = f"{unpadded(json.dumps(header).encode())}.{rest}"
    idp.replies["/token"] = Response(200, json={"access_token": "a", "id_token": token})
    assert await browser.visit() == {"provider-error": BAD}


async def test_made_up_key_ids_fetch_the_keys_once(browser: Browser, idp: IdentityProvider) -> None:
    for number in range(5):
        idp.header = {"kid": f"made-up-{number}"}
        assert await browser.visit() == {"provider-error": BAD}
    assert idp.asked.count("/keys") == 1, "within the cool-down"
    assert idp.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://idp.example/token"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://"},
        {"token_endpoint": "https://idp.example:99999/token"},
        {"jwks_uri": "https://idp.example:keys/"},
        {"userinfo_endpoint": "https://idp.example:0/"},
        {"jwks_uri": None},
    ],
    ids=str,
)
async def test_wrong_metadata(browser: Browser, idp: IdentityProvider, wrong: dict[str, Any]) -> None:
    idp.metadata = wrong
    reply = await browser.client.get("/auth/providers/idp/authorize")
    assert reply.headers["location"].partition("#")[2] == f"provider-error={BAD}"


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri"])
async def test_an_endpoint_that_cannot_be_asked(browser: Browser, idp: IdentityProvider, endpoint: str) -> None:
    idp.metadata = {endpoint: f"{ISSUER}/a\x01b"}
    assert await browser.visit() == {"provider-error": AWAY}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(200, content=b"{" + b" " * 200_000 + b"}"), AWAY),
        (Response(200, headers={"content-encoding": "gzip"}, content=b""), AWAY),
        (Response(302, headers={"location": "https://evil.example/"}), BAD),
        (Response(200, json=[]), BAD),
        (Response(200, content=b"<html>"), BAD),
        (Response(200, content=b"[" * 50_000), BAD),
        (Response(500), AWAY),
        (Response(404), "provider-refused"),
    ],
    ids=["huge", "compressed", "redirect", "list", "html", "deep", "500", "404"],
)
async def test_answers_that_are_none(
    browser: Browser, idp: IdentityProvider, path: str, answer: Response, said: str
) -> None:
    idp.replies[path] = answer
    if path.startswith("/.well-known"):
        reply = await browser.client.get("/auth/providers/idp/authorize")
        assert reply.headers["location"].partition("#")[2] == f"provider-error={said}"
    else:
        assert await browser.visit() == {"provider-error": said}
    assert "https://evil.example/" not in idp.asked


async def test_a_provider_that_does_not_answer_in_time(
    browser: Browser, idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = idp.consent(await browser.begin())
    monkeypatch.setattr(calls.ProviderCalls, "deadline", 0.05)
    idp.pause = 5
    assert await browser.arrive(told) == {"provider-error": AWAY}


async def test_a_provider_that_fails_is_left_alone(browser: Browser, idp: IdentityProvider) -> None:
    """Its circuit breaker opens."""
    flows = [idp.consent(await browser.begin()) for _ in range(12)]
    idp.replies["/token"] = Response(503)
    for told in flows:
        assert await browser.arrive(told) == {"provider-error": AWAY}
    assert idp.asked.count("/token") == 5


@pytest.mark.parametrize("iss", ["https://evil.example", f"{ISSUER}/", "", None])
async def test_an_answer_of_another_issuer(browser: Browser, idp: IdentityProvider, iss: str | None) -> None:
    """RFC 9207: mix-up. A provider that says it names itself must."""
    told = idp.consent(await browser.begin())
    changed = {name: value for name, value in {**told, "iss": iss}.items() if value is not None}
    assert await browser.arrive(changed) == {"provider-error": BAD}
    assert "/token" not in idp.asked


@pytest.mark.parametrize(
    ("error", "said"),
    [("access_denied", "access-denied"), ("server_error", "provider-refused"), ("<b>", "provider-refused")],
)
async def test_the_provider_says_no(browser: Browser, idp: IdentityProvider, error: str, said: str) -> None:
    state = (await browser.begin())["state"]
    assert await browser.arrive({"error": error, "state": state, "iss": ISSUER}) == {"provider-error": said}
    assert await browser.arrive({"error": error, "state": state}) == {"provider-error": "flow-not-valid"}


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"code": "x"},
        {"state": "x", "code": "x"},
        {"state": "x" * 43, "code": "x"},
        {"state": "é" * 43, "code": "x"},
    ],
    ids=str,
)
async def test_answers_to_no_question(browser: Browser, idp: IdentityProvider, told: dict[str, str]) -> None:
    await browser.begin()
    assert await browser.arrive(told) == {"provider-error": "flow-not-valid"}


async def test_a_code_of_another_flow(browser: Browser, idp: IdentityProvider) -> None:
    """PKCE: a code that was stolen and put into one's own flow is refused by the provider, as its verifier is wrong."""
    stolen, own = idp.consent(await browser.begin()), idp.consent(await browser.begin())
    assert await browser.arrive({**own, "code": stolen["code"]}) == {"provider-error": "provider-refused"}


async def test_a_flow_ends_after_ten_minutes(browser: Browser, idp: IdentityProvider, superuser: Connection) -> None:
    told = idp.consent(await browser.begin())
    await superuser.execute("UPDATE provider_flows SET expires_at = clock_timestamp()")
    assert await browser.arrive(told) == {"provider-error": "flow-not-valid"}


async def test_the_log_has_the_reason_and_no_secret(
    settings: Settings, idp: IdentityProvider, log: Log, superuser: Connection
) -> None:
    async with site(settings, idp) as app, browser_of(app, idp) as browser:
        idp.claims = {"nonce": "wrong"}
        told = idp.consent(await browser.begin())
        assert await browser.arrive(told) == {"provider-error": BAD}
    lines = log()
    refused = [line for line in lines if line["event"] == "sign-in by a provider refused"]
    assert [(line["reason"], line["detail"]) for line in refused] == [(BAD, "ID token: nonce")]
    for secret in (told["code"], told["state"], "the client's secret"):
        assert secret not in str(lines)
