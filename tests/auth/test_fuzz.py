"""auth follows its OpenAPI document for any input (R-28, `tests/fuzz.py`)."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import PASSWORD, Member, SignIn, SignUp, bearer
from tests.auth.identity_provider import IdentityProvider, site
from tests.auth.passkeys import add
from tests.auth.test_access_tokens import part
from tests.mint import Mint

if TYPE_CHECKING:
    from tests.fuzz import Known


SIGNED = {"POST /auth/passkeys", "POST /auth/sign-in/passkey"}
"""They need a device's signature of a challenge that works once, for five minutes; other tests reach them."""


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """With a provider."""
    async with site(settings, IdentityProvider()) as app:
        yield app


@pytest.mark.fuzz
async def test_auth_answers_as_its_schema_says(
    app: FastAPI,
    client: AsyncClient,
    sign_up: SignUp,
    sign_in: SignIn,
    mint: Mint,
    service_secrets: dict[str, str],
) -> None:
    from tests.fuzz import fuzz  # here, since it imports schemathesis, which takes each test process seconds

    person = await sign_up()
    tokens = [(await sign_in(person)).json() for _ in range(4)]
    ada = Member(person, (await sign_in(person)).json())
    session = part(ada.tokens["access_token"], 1)["sid"]
    internal = {"sub": "svc:users", "client_id": "svc:users", "scope": "internal", "aud": ["auth"], "sid": None}
    callers = [
        dict,  # nobody
        lambda: bearer(mint.token(mint.claims(sub=str(person.id), sid=session))),
        lambda: bearer(mint.token(mint.claims(**internal))),
    ]
    known: Known = {
        "account_id": [person.id],
        "passkey_id": [(await add(client, ada, Authenticator()))["id"] for _ in range(3)],
        "email": [person.email],
        "username": [person.email],
        "password": [PASSWORD],
        "grant_type": ["password", "refresh_token", "client_credentials"],
        "refresh_token": [one["refresh_token"] for one in tokens],
        "token": [one["refresh_token"] for one in tokens[2:]],
        "client_id": list(service_secrets),
        "client_secret": list(service_secrets.values()),
        "audience": ["users"],
        "scope": ["api"],
        "name": ["idp"],
        "return_to": ["http://127.0.0.1:8000/"],
    }
    fuzzed = await fuzz(app, client, callers, known)
    assert not fuzzed.failures
    assert fuzzed.unreached() <= SIGNED
