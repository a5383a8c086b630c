"""Addresses that only some sites accept: of special-use domains, and with local parts beyond ASCII."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.account_commands import address
from auth.config import Settings
from tests.auth.conftest import PASSWORD, Person, SignIn, SignUp, bearer, client_of, new_email, outcome, running
from tests.auth.mails import newest


async def register(client: AsyncClient, email: str) -> Response:
    return await client.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})


async def change(client: AsyncClient, token: str, email: str) -> Response:
    return await client.post("/auth/email", json={"email": email, "password": PASSWORD}, headers=bearer(token))


@asynccontextmanager
async def site(settings: Settings, **changes: Any) -> AsyncIterator[tuple[FastAPI, AsyncClient]]:
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    async with running(Settings.model_validate(given | changes)) as app, client_of(app) as client:
        yield app, client


@pytest.mark.parametrize("domain", ["nas.local", "NAS.Local", "local.test", "x.onion", "box.home.arpa"])
async def test_addresses_of_special_use_domains_are_refused_in_words(
    client: AsyncClient, sign_up: SignUp, sign_in: SignIn, domain: str
) -> None:
    token = (await sign_in(await sign_up())).json()["access_token"]
    for reply in (await register(client, f"admin@{domain}"), await change(client, token, f"admin@{domain}")):
        assert outcome(reply) == (422, "special-use-domain")


@pytest.mark.parametrize("domain", ["mylocal.net", "local.example.com", "nas.lan", "nas.internal"])
async def test_other_domains_need_no_setting(client: AsyncClient, domain: str) -> None:
    assert (await register(client, f"admin@{domain}")).status_code == 201


async def test_a_site_may_take_addresses_of_its_own_network_everywhere(settings: Settings) -> None:
    """Signing up, signing in, mails with links, a change of address, and the server's commands."""
    async with site(settings, special_use_domains=["NAS.local", "home.arpa"]) as (app, client):
        person = Person(0, "ada@nas.local", PASSWORD)
        assert (await register(client, "Ada@NAS.local")).status_code == 201
        link = {"token": (await newest(app, person.email)).token}
        assert (await client.post("/auth/verify-email/confirm", json=link)).status_code == 204
        form = {"username": "ADA@nas.local", "password": PASSWORD}
        token = (await client.post("/auth/token", data=form)).json()["access_token"]
        assert (await client.get("/auth/me", headers=bearer(token))).json()["email"] == person.email
        assert (await client.post("/auth/password-reset", json={"email": person.email})).status_code == 202
        assert (await newest(app, person.email)).subject == "Choose a new password"
        assert (await change(client, token, "ada@box.home.arpa")).status_code == 202
        link = {"token": (await newest(app, "ada@box.home.arpa")).token}
        assert (await client.post("/auth/email/confirm", json=link)).status_code == 204
        assert outcome(await register(client, "ada@other.local")) == (422, "special-use-domain")
    assert address("Ada@NAS.local") == "ada@nas.local"


async def test_an_address_that_the_mail_server_cannot_write_to_is_refused_in_words(
    settings: Settings, client: AsyncClient, sign_up: SignUp, sign_in: SignIn
) -> None:
    """SMTP_UTF8=false. A domain has an ASCII form, which every server accepts."""
    token = (await sign_in(await sign_up())).json()["access_token"]
    numbered = new_email().partition("@")[0]
    async with site(settings, smtp_utf8=False) as (_, limited):
        for reply in (
            await register(limited, f"grüße{numbered}@example.com"),
            await change(limited, token, f"grüße{numbered}@example.com"),
        ):
            assert outcome(reply) == (422, "address-needs-smtputf8")
        assert (await register(limited, f"{numbered}@exämple.com")).status_code == 201
    assert (await register(client, f"grüße{numbered}@example.com")).status_code == 201
