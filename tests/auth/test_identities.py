"""Linking and unlinking identities: by whom, the last way in, races, and what signing out ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from auth.config import Settings
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import PASSWORD, SERVER, Connection, Join, Manage, Member, Person, bearer, outcome
from tests.auth.identity_provider import DESCRIBED, Browser, IdentityProvider, browser_of, site, someone
from tests.auth.mails import mails
from tests.auth.passkeys import add
from tests.auth.test_access_tokens import part

OLD = "UPDATE sessions SET created_at = created_at - interval '11 minutes' WHERE account_id = $1"
PASSKEYS = "SELECT count(*) FROM passkeys WHERE account_id = $1"
BOTH = [DESCRIBED, {**DESCRIBED, "name": "other"}]


@pytest.fixture(scope="module")
def idp() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture(scope="module")
async def app(settings: Settings, idp: IdentityProvider) -> AsyncIterator[FastAPI]:
    async with site(settings, idp, providers=BOTH) as app:
        yield app


@pytest.fixture
async def browser(app: FastAPI, idp: IdentityProvider) -> AsyncIterator[Browser]:
    idp.reset()
    idp.person = someone()
    async with browser_of(app, idp) as browser:
        yield browser


async def ask(browser: Browser, member: Member, name: str = "idp", **body: Any) -> Response:
    return await browser.client.post(f"/auth/identities/{name}/link", json=body, headers=member.headers)


async def begin(browser: Browser, member: Member, name: str = "idp", **body: Any) -> dict[str, str]:
    """What the provider is asked."""
    reply = await ask(browser, member, name, **body)
    assert reply.status_code == 200, reply.text
    return dict(parse_qsl(urlsplit(reply.json()["address"]).query))


async def link(browser: Browser, member: Member, name: str = "idp") -> dict[str, str]:
    return await browser.arrive(browser.provider.consent(await begin(browser, member, name)), name)


async def unlink(browser: Browser, member: Member, name: str = "idp") -> Response:
    return await browser.client.delete(f"/auth/identities/{name}", headers=member.headers)


async def listed(browser: Browser, member: Member) -> list[tuple[str, str]]:
    reply = await browser.client.get("/auth/identities", headers=member.headers)
    return [(one["provider"], one["email"]) for one in reply.json()["items"]]


async def newcomer(browser: Browser) -> Member:
    """Somebody who signed up by the provider, and so has no password."""
    tokens = await browser.sign_in()
    account = int(part(tokens["access_token"], 1)["sub"])
    return Member(Person(account, browser.provider.person["email"], ""), tokens)


async def test_somebody_signed_in_links_whatever_the_address_is(
    browser: Browser, app: FastAPI, idp: IdentityProvider, join: Join, superuser: Connection
) -> None:
    member = await join()
    idp.person["email_verified"] = False
    assert await link(browser, member) == {"provider-linked": "idp"}
    assert await listed(browser, member) == [("idp", idp.person["email"])]
    assert await link(browser, member) == {"provider-linked": "idp"}, "again"
    assert part((await browser.sign_in())["access_token"], 1)["sub"] == str(member.id)
    subjects = [mail.subject for mail in await mails(app, member.person.email)]
    assert subjects.count("A way to sign in was added") == 1
    own = (await browser.client.get("/auth/me", headers=member.headers)).json()
    assert (own["email"], own["email_verified"]) == (member.person.email, False), "the address stays as it was"
    noted = await superuser.fetch(
        "SELECT actor, detail ->> 'provider' AS at FROM audit_events "
        "WHERE account_id = $1 AND action = 'identity-linked'",
        member.id,
    )
    assert [(line["actor"], line["at"]) for line in noted] == [(str(member.id), "idp")]


async def test_an_identity_belongs_to_one_account(browser: Browser, idp: IdentityProvider, join: Join) -> None:
    first, second = await join(), await join()
    assert await link(browser, first) == {"provider-linked": "idp"}
    assert await link(browser, second) == {"provider-error": "identity-taken"}
    idp.person = someone()
    assert await link(browser, first) == {"provider-error": "already-linked"}
    assert len(await listed(browser, first)) == 1
    assert await listed(browser, second) == []


async def test_two_accounts_link_one_identity_at_once(browser: Browser, app: FastAPI, join: Join) -> None:
    first, second = await join(), await join()
    async with browser_of(app, browser.provider) as elsewhere:
        flows = [
            browser.provider.consent(await begin(one, who)) for one, who in ((browser, first), (elsewhere, second))
        ]
        said = await asyncio.gather(browser.arrive(flows[0]), elsewhere.arrive(flows[1]))
    assert sorted(next(iter(one)) for one in said) == ["provider-error", "provider-linked"]


async def test_linking_against_a_first_visit(browser: Browser, join: Join, superuser: Connection) -> None:
    """The identity goes to one of the two, and nothing is half done."""
    for _ in range(5):
        browser.provider.person = someone()
        member = await join()
        flows = [browser.provider.consent(one) for one in (await begin(browser, member), await browser.begin())]
        linked, visited = await asyncio.gather(*(browser.arrive(told) for told in flows))
        email = browser.provider.person["email"]
        opened = await superuser.fetchval("SELECT count(*) FROM accounts WHERE email = $1", email)
        assert "provider-code" in visited
        assert linked == ({"provider-error": "identity-taken"} if opened else {"provider-linked": "idp"})
        assert len(await listed(browser, member)) == 1 - opened


async def test_linking_and_unlinking_want_a_recent_proof(
    browser: Browser, client: AsyncClient, join: Join, superuser: Connection
) -> None:
    member = await join()
    await superuser.execute(OLD, member.id)
    reply = await client.post(
        "/auth/token", data={"grant_type": "refresh_token", "refresh_token": member.tokens["refresh_token"]}
    )
    member.tokens = reply.json()
    needed = (401, "insufficient-user-authentication")
    assert outcome(await ask(browser, member)) == needed
    assert outcome(await unlink(browser, member)) == needed
    proven = await client.post("/auth/sign-in/step-up", json={"password": PASSWORD}, headers=member.headers)
    assert proven.status_code == 200, proven.text
    assert await begin(browser, member)


async def test_a_link_ends_with_the_session_that_asked(
    browser: Browser, client: AsyncClient, join: Join, manage: Manage
) -> None:
    member = await join()
    told = browser.provider.consent(await begin(browser, member))
    await client.post("/auth/revoke", data={"token": member.tokens["refresh_token"]})
    assert await browser.arrive(told) == {"provider-error": "flow-not-valid"}
    other = await join()
    told = browser.provider.consent(await begin(browser, other))
    await manage(lambda management: management.change(other.id, SERVER, status="disabled"))
    assert await browser.arrive(told) == {"provider-error": "flow-not-valid"}


async def test_a_link_of_another_browser_is_not_finished_here(browser: Browser, app: FastAPI, join: Join) -> None:
    """Else an attacker's account would get the identity of whoever opens a prepared address."""
    attacker = await join()
    asked = await begin(browser, attacker)
    async with browser_of(app, browser.provider) as victim:
        await victim.begin()
        assert await victim.arrive(browser.provider.consent(asked)) == {"provider-error": "flow-not-valid"}
    assert await listed(browser, attacker) == []


async def test_unlinking_signs_other_devices_out(
    browser: Browser, app: FastAPI, client: AsyncClient, join: Join, superuser: Connection
) -> None:
    member = await join()
    await link(browser, member)
    said, tokens = await browser.visit(), await browser.sign_in()
    assert (await unlink(browser, member)).status_code == 204
    assert await listed(browser, member) == []
    assert outcome(await browser.redeem(said)) == (400, "provider-code-not-valid"), "not even with a code from before"
    spent = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await client.post("/auth/token", data=spent)).json()["code"] == "invalid-grant"
    subjects = [mail.subject for mail in await mails(app, member.person.email)]
    assert subjects.count("A way to sign in was removed") == 1
    assert outcome(await unlink(browser, member)) == (404, "identity-not-found")
    assert part((await browser.sign_in())["access_token"], 1)["sub"] != str(member.id)


async def test_the_last_way_in_stays(browser: Browser, app: FastAPI, client: AsyncClient) -> None:
    member = await newcomer(browser)
    assert outcome(await unlink(browser, member)) == (409, "last-way-in")
    assert len(await listed(browser, member)) == 1
    await client.post("/auth/password-reset", json={"email": member.person.email})
    token = (await mails(app, member.person.email))[-1].token
    body = {"token": token, "new_password": PASSWORD}
    assert (await client.post("/auth/password-reset/confirm", json=body)).status_code == 204
    reply = await client.post("/auth/sign-in", json={"email": member.person.email, "password": PASSWORD})
    member.tokens = reply.json()
    assert (await client.get("/auth/me", headers=bearer(reply.json()["access_token"]))).json()["has_password"] is True
    assert (await unlink(browser, member)).status_code == 204


async def test_both_ways_in_are_unlinked_at_once(browser: Browser) -> None:
    """One of them stays."""
    for _ in range(5):
        browser.provider.person = someone()
        member = await newcomer(browser)
        assert await link(browser, member, "other") == {"provider-linked": "other"}
        replies = await asyncio.gather(*(unlink(browser, member, name) for name in ("idp", "other") * 3))
        statuses = [reply.status_code for reply in replies]
        assert statuses.count(204) == 1, statuses
        assert set(statuses) <= {204, 404, 409}
        assert len(await listed(browser, member)) == 1


async def test_a_provider_and_a_passkey_are_removed_at_once(browser: Browser, superuser: Connection) -> None:
    """One of them stays, whichever is first."""
    for _ in range(5):
        browser.provider.person = someone()
        member = await newcomer(browser)
        path = f"/auth/passkeys/{(await add(browser.client, member, Authenticator()))['id']}"
        acts = [act for _ in range(10) for act in (unlink(browser, member), remove_passkey(browser, member, path))]
        statuses = [reply.status_code for reply in await asyncio.gather(*acts)]
        assert statuses.count(204) == 1, statuses
        assert set(statuses) <= {204, 404, 409}
        assert len(await listed(browser, member)) + await superuser.fetchval(PASSKEYS, member.id) == 1


async def remove_passkey(browser: Browser, member: Member, path: str) -> Response:
    return await browser.client.delete(path, headers=member.headers)


async def test_an_identity_of_a_provider_that_is_gone_is_no_way_in(
    browser: Browser, settings: Settings, idp: IdentityProvider
) -> None:
    member = await newcomer(browser)
    await link(browser, member, "other")
    async with site(settings, idp) as app, browser_of(app, idp) as later:
        assert outcome(await unlink(later, member)) == (409, "last-way-in")
        assert (await unlink(later, member, "other")).status_code == 204


async def test_linking_again_and_again_is_not_mailed_each_time(browser: Browser, app: FastAPI, join: Join) -> None:
    member = await join()
    for _ in range(3):
        await link(browser, member)
        await unlink(browser, member)
    subjects = [mail.subject for mail in await mails(app, member.person.email)]
    assert subjects.count("A way to sign in was added") == 1
