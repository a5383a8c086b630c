"""What is special about GitHub, Apple and Microsoft, and providers that tell addresses elsewhere."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from httpx import Response

from auth.config import Settings
from tests.auth.identity_provider import (
    DESCRIBED,
    ISSUER,
    Browser,
    IdentityProvider,
    browser_of,
    new_key,
    site,
    someone,
)

GITHUB = {"name": "idp", "preset": "github", "client_id": "site", "client_secret": "of GitHub"}


class GitHub(httpx.AsyncBaseTransport):
    """GitHub's answers, as its documentation has them."""

    def __init__(self) -> None:
        self.emails: list[dict[str, Any]] = [
            {"email": "ada@users.noreply.github.example", "primary": False, "verified": True, "visibility": None},
            {"email": "ada@git.example", "primary": True, "verified": True, "visibility": "private"},
        ]
        self.token: dict[str, Any] = {"access_token": "gho_1", "token_type": "bearer", "scope": "read:user,user:email"}
        self.forms: list[dict[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> Response:
        where = f"{request.url.host}{request.url.path}"
        if where == "github.com/login/oauth/access_token":
            self.forms.append(dict(parse_qsl(request.content.decode())))
            return Response(200, json=self.token)
        assert request.headers["authorization"] == "Bearer gho_1"
        if where == "api.github.com/user":
            return Response(200, json={"id": 583231, "login": "ada", "name": None, "email": None})
        assert where == "api.github.com/user/emails", where
        return Response(200, json=self.emails)


@pytest.fixture
async def github(settings: Settings) -> AsyncIterator[tuple[Browser, GitHub]]:
    there = GitHub()
    async with site(settings, there, providers=[GITHUB]) as app, browser_of(app, IdentityProvider()) as browser:
        yield browser, there


async def test_somebody_signs_in_by_github(github: tuple[Browser, GitHub]) -> None:
    browser, there = github
    asked = await browser.begin()
    assert (asked["scope"], asked["code_challenge_method"]) == ("read:user user:email", "S256")
    said = await browser.arrive({"code": "c", "state": asked["state"]})
    reply = await browser.redeem(said)
    own = await browser.client.get("/auth/me", headers={"Authorization": f"Bearer {reply.json()['access_token']}"})
    assert own.json()["email"] == "ada@git.example"
    (form,) = there.forms
    assert (form["client_secret"], form["code"], len(form["code_verifier"])) == ("of GitHub", "c", 43)


async def test_github_says_no_by_a_200(github: tuple[Browser, GitHub]) -> None:
    browser, there = github
    there.token = {"error": "bad_verification_code", "error_description": "…"}
    state = (await browser.begin())["state"]
    assert await browser.arrive({"code": "c", "state": state}) == {"provider-error": "provider-refused"}
    state = (await browser.begin())["state"]
    assert await browser.arrive({"code": "c", "state": state, "iss": "https://evil.example"}) == {
        "provider-error": "provider-answer-not-valid"
    }


@pytest.fixture
def apple_key() -> str:
    return new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_apple_sends_a_form_and_wants_a_signed_secret(settings: Settings, apple_key: str) -> None:
    """A form from another site comes without the `Lax` cookie, so the browser is sent once more."""
    secrets: list[dict[str, Any]] = []

    class Apple(IdentityProvider):
        def exchange(self, request: httpx.Request) -> Response:
            form = dict(parse_qsl(request.content.decode()))
            secrets.append(jwt.decode(form["client_secret"], options={"verify_signature": False}))
            secrets.append(jwt.get_unverified_header(form["client_secret"]))
            asked = self.codes.pop(form["code"])
            return Response(200, json={"access_token": "at-1", "id_token": self.id_token(asked["nonce"])})

    apple = Apple(person=someone(email_verified="true"))
    apple.metadata = {
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": False,
    }
    one = {"name": "idp", "preset": "apple", "issuer": ISSUER, "client_id": "site", "client_secret": apple_key}
    described = [one | {"team_id": "TEAM", "key_id": "KEY"}]
    async with site(settings, apple, providers=described) as app, browser_of(app, apple) as browser:
        asked = await browser.begin()
        assert asked["response_mode"] == "form_post"
        told = apple.consent(asked)
        form = {"code": told["code"], "state": told["state"], "user": json.dumps({"name": {"firstName": "Ada"}})}
        cookies = dict(browser.client.cookies)
        browser.client.cookies.clear()
        reply = await browser.client.post("/auth/providers/idp/callback", data=form)
        assert reply.status_code == 303
        target = urlsplit(reply.headers["location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == asked["redirect_uri"]
        browser.client.cookies.update(cookies)
        said = await browser.arrive(dict(parse_qsl(target.query)))
        assert (await browser.redeem(said)).status_code == 200
    claims, header = secrets
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("TEAM", "site", ISSUER)
    assert claims["exp"] - claims["iat"] == 300
    assert (header["alg"], header["kid"]) == ("ES256", "KEY")


@pytest.mark.parametrize(
    ("owner_verified", "said"),
    [
        *((True, "provider-code"), (1, "provider-code"), ("1", "provider-code"), ("true", "provider-code")),
        *((None, "provider-error"), (False, "provider-error"), (0, "provider-error"), ("0", "provider-error")),
        *(("", "provider-error"), ("11", "provider-error"), ([True], "provider-error")),
    ],
)
async def test_microsoft_proves_addresses_by_a_claim_of_its_own(
    settings: Settings, owner_verified: object, said: str
) -> None:
    idp = IdentityProvider(person=someone(email_verified=True, xms_edov=owner_verified))
    one = {**DESCRIBED, "preset": "microsoft"}
    async with site(settings, idp, providers=[one]) as app, browser_of(app, idp) as browser:
        assert list(await browser.visit()) == [said]


async def test_microsoft_s_userinfo_proves_no_address(settings: Settings) -> None:
    idp = IdentityProvider(person=someone())
    idp.claims = {"email": None, "email_verified": None, "xms_edov": True}
    idp.metadata = {"userinfo_endpoint": f"{ISSUER}/me"}
    idp.replies["/me"] = Response(200, json=idp.person)
    one = {**DESCRIBED, "preset": "microsoft"}
    async with site(settings, idp, providers=[one]) as app, browser_of(app, idp) as browser:
        assert await browser.visit() == {"provider-error": "address-not-verified"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "provider-code"),
        ({"sub": "somebody else"}, "provider-error"),
        ({"email_verified": False}, "provider-error"),
    ],
    ids=str,
)
async def test_addresses_may_come_from_userinfo(settings: Settings, more: dict[str, Any], said: str) -> None:
    idp = IdentityProvider(person=someone())
    idp.claims = {"email": None, "email_verified": None}
    idp.metadata = {"userinfo_endpoint": f"{ISSUER}/me"}
    idp.replies["/me"] = Response(200, json={**idp.person, **more})
    async with site(settings, idp) as app, browser_of(app, idp) as browser:
        assert list(await browser.visit()) == [said]
    assert idp.asked.count("/me") == 1
