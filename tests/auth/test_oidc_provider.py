"""A whole sign-in by npm's `oidc-provider`, which nobody here wrote (`make test-providers`).

auth's app runs in this process, and calls the provider over the network. The browser presses the provider's own forms.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.config import Settings
from auth.main import create_app
from tests.auth.conftest import client_of
from tests.auth.test_access_tokens import part
from tests.oidc_provider import SECRET, running

pytestmark = pytest.mark.providers

CALLBACK: Final = "http://127.0.0.1:8000/auth/providers/idp/callback"
FORM: Final = re.compile(r'<form[^>]*action="([^"]+)"')
WAYS: Final = [("ES256", "client_secret_basic"), ("RS256", "client_secret_post"), ("PS256", "client_secret_basic")]


@pytest.fixture(scope="module", params=WAYS, ids=" ".join)
def issuer(request: pytest.FixtureRequest) -> Iterator[str]:
    with running(CALLBACK, *request.param) as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def app(settings: Settings, issuer: str) -> AsyncIterator[FastAPI]:
    one = {"name": "idp", "issuer": issuer, "client_id": "site", "client_secret": SECRET}
    app = create_app(Settings.model_validate({**settings.model_dump(), "providers": [one]}))
    async with app.router.lifespan_context(app):
        await app.state.keys.load()
        await app.state.revoked.read()
        yield app


async def at_provider(person: str | None, address: str) -> dict[str, str]:
    """Sign in at the provider and agree, or cancel for None. Returns what the browser brings back."""
    async with AsyncClient() as browser:
        reply = await browser.get(address)
        for _ in range(10):
            if reply.is_redirect:
                target = urljoin(str(reply.url), reply.headers["location"])
                if target.startswith(CALLBACK):
                    return dict(parse_qsl(urlsplit(target).query))
                reply = await browser.get(target)
            else:
                reply = await press(browser, reply, person)
        raise AssertionError(reply.text)


async def press(browser: AsyncClient, page: Response, person: str | None) -> Response:
    assert page.status_code == 200, page.text
    form = FORM.search(page.text)
    assert form, page.text
    if person is None:
        return await browser.get(f"{page.url}/abort")
    prompt = "login" if 'name="login"' in page.text else "consent"
    return await browser.post(form[1], data={"prompt": prompt, "login": person, "password": "x"})


async def visit(browser: AsyncClient, person: str | None) -> str:
    """The fragment with which the page is opened."""
    reply = await browser.get("/auth/providers/idp/authorize")
    told = await at_provider(person, reply.headers["location"])
    reply = await browser.get("/auth/providers/idp/callback", params=told)
    return str(reply.headers["location"].partition("#")[2])


async def test_somebody_signs_up_and_comes_back(app: FastAPI) -> None:
    accounts = []
    for _ in range(2):
        async with client_of(app) as browser:
            name, _, code = (await visit(browser, "ada")).partition("=")
            assert name == "provider-code", code
            reply = await browser.post("/auth/sign-in/provider", json={"code": code})
            assert reply.status_code == 200, reply.text
            token = reply.json()["access_token"]
            own = (await browser.get("/auth/me", headers={"Authorization": f"Bearer {token}"})).json()
            assert (own["email"], own["email_verified"]) == ("ada@people.example", True)
            accounts.append(part(token, 1)["sub"])
    assert accounts[0] == accounts[1]


async def test_an_address_that_is_not_proven_there_opens_no_account(app: FastAPI) -> None:
    async with client_of(app) as browser:
        assert await visit(browser, "unknown") == "provider-error=address-not-verified"


async def test_somebody_changes_their_mind(app: FastAPI) -> None:
    async with client_of(app) as browser:
        assert await visit(browser, None) == "provider-error=access-denied"
