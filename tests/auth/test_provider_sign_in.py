"""Signing in by a provider: who arrives as whom, who is refused, and what ties a flow to its browser."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.services.records import Role
from common.contracts.events import AccountData
from tests.auth.conftest import SERVER, Connection, Manage, SignUp, bearer, outcome
from tests.auth.identity_provider import Browser, IdentityProvider, browser_of, site, someone
from tests.auth.mails import mails
from tests.auth.test_access_tokens import part
from tests.events import Outbox

PROVEN = "UPDATE accounts SET email_verified_at = now() WHERE id = $1"


@pytest.fixture(scope="module")
def idp() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture(scope="module")
async def app(settings: Settings, idp: IdentityProvider) -> AsyncIterator[FastAPI]:
    async with site(settings, idp) as app:
        yield app


@pytest.fixture
async def browser(app: FastAPI, idp: IdentityProvider) -> AsyncIterator[Browser]:
    """A browser, and somebody new in front of it."""
    idp.reset()
    idp.person = someone()
    async with browser_of(app, idp) as browser:
        yield browser


async def accounts_of(superuser: Connection, idp: IdentityProvider) -> list[int]:
    rows = await superuser.fetch("SELECT account_id FROM identities WHERE subject = $1", idp.person["sub"])
    return [row["account_id"] for row in rows]


async def test_a_first_visit_opens_an_account(
    browser: Browser, app: FastAPI, idp: IdentityProvider, outbox: Outbox, superuser: Connection
) -> None:
    tokens = await browser.sign_in()
    claims = part(tokens["access_token"], 1)
    assert (tokens["state"], claims["amr"]) == ("signed-in", ["fed"])
    own = (await browser.client.get("/auth/me", headers=bearer(tokens["access_token"]))).json()
    assert (own["email"], own["email_verified"], own["status"]) == (idp.person["email"], True, "active")
    assert own["has_password"] is False
    waiting = await outbox.waiting(f"account:{own['id']}")
    told = [(target, data["email"], data["name"]) for target, _, data in waiting]
    assert told == [(target, own["email"], "Ada") for target in sorted(AccountData.targets)]
    assert await mails(app, own["email"]) == [], "it is proven already"
    stored = await superuser.fetchval("SELECT password_hash FROM accounts WHERE id = $1", own["id"])
    assert stored == "!"


async def test_later_visits_find_the_account_by_subject_only(browser: Browser, idp: IdentityProvider) -> None:
    first = part((await browser.sign_in())["access_token"], 1)["sub"]
    idp.person |= {"email": "elsewhere@people.example", "email_verified": False, "name": "Eve"}
    tokens = await browser.sign_in()
    assert part(tokens["access_token"], 1)["sub"] == first
    own = (await browser.client.get("/auth/me", headers=bearer(tokens["access_token"]))).json()
    assert own["email"] != "elsewhere@people.example", "a changed address at the provider moves nothing"
    known = (await browser.client.get("/auth/identities", headers=bearer(tokens["access_token"]))).json()["items"]
    assert [(one["provider"], one["email"]) for one in known] == [("idp", "elsewhere@people.example")]


@pytest.mark.parametrize("verified", [False, None, 1, "yes", ["true"]])
async def test_an_address_that_is_not_proven_opens_no_account(
    browser: Browser, idp: IdentityProvider, superuser: Connection, verified: object
) -> None:
    idp.person["email_verified"] = verified
    assert await browser.visit() == {"provider-error": "address-not-verified"}
    assert await accounts_of(superuser, idp) == []


@pytest.mark.parametrize("email", [None, "nobody", "", 7, "a@b.example\n", f"{'x' * 300}@people.example"])
async def test_no_address_opens_no_account(browser: Browser, idp: IdentityProvider, email: object) -> None:
    idp.person["email"] = email
    assert await browser.visit() == {"provider-error": "address-not-verified"}


async def test_a_text_true_is_true(browser: Browser, idp: IdentityProvider) -> None:
    """Apple writes it so."""
    idp.person["email_verified"] = "true"
    await browser.sign_in()


@pytest.mark.parametrize(
    ("told", "kept"),
    [("  Ada  ", "Ada"), ("x" * 300, "x" * 100), ("\u202eevil", "local"), (None, "local"), ({"a": 1}, "local")],
)
async def test_names_are_as_profiles_have_them(
    browser: Browser, idp: IdentityProvider, superuser: Connection, told: object, kept: str
) -> None:
    idp.person["name"] = told
    sub = int(part((await browser.sign_in())["access_token"], 1)["sub"])
    name = await superuser.fetchval("SELECT name FROM accounts WHERE id = $1", sub)
    assert name == (idp.person["email"].partition("@")[0] if kept == "local" else kept)


async def test_both_have_proven_the_address(
    browser: Browser, app: FastAPI, idp: IdentityProvider, sign_up: SignUp, superuser: Connection
) -> None:
    person = await sign_up()
    idp.person["email"] = person.email.upper()
    assert await browser.visit() == {"provider-error": "address-taken"}, "the account has not"
    assert await accounts_of(superuser, idp) == []
    await superuser.execute(PROVEN, person.id)
    idp.person["email_verified"] = False
    assert await browser.visit() == {"provider-error": "address-not-verified"}
    idp.person["email_verified"] = True
    assert part((await browser.sign_in())["access_token"], 1)["sub"] == str(person.id)
    assert "A way to sign in was added" in [mail.subject for mail in await mails(app, person.email)]
    noted = await superuser.fetchval(
        "SELECT detail ->> 'by_address' FROM audit_events WHERE account_id = $1 AND action = 'identity-linked'",
        person.id,
    )
    assert noted == "true"


async def test_an_account_with_a_role_is_never_linked_by_its_address(
    browser: Browser, idp: IdentityProvider, sign_up: SignUp, superuser: Connection, manage: Manage
) -> None:
    person = await sign_up()
    idp.person["email"] = person.email
    await superuser.execute(PROVEN, person.id)
    await manage(lambda management: management.change(person.id, SERVER, roles=[Role.admin]))
    assert await browser.visit() == {"provider-error": "address-taken"}
    assert await accounts_of(superuser, idp) == []


async def test_linking_by_address_can_be_off(settings: Settings, sign_up: SignUp, superuser: Connection) -> None:
    person = await sign_up()
    await superuser.execute(PROVEN, person.id)
    idp = IdentityProvider(person=someone(email=person.email))
    described = {"name": "idp", "issuer": "https://idp.example", "client_id": "site", "links_addresses": False}
    secret = {"client_secret": "the client's secret + more"}
    async with site(settings, idp, providers=[described | secret]) as app, browser_of(app, idp) as browser:
        assert await browser.visit() == {"provider-error": "address-taken"}


async def test_a_code_works_once_and_in_its_browser(
    browser: Browser, app: FastAPI, idp: IdentityProvider, superuser: Connection
) -> None:
    said = await browser.visit()
    async with browser_of(app, idp) as other:
        assert outcome(await other.redeem(said)) == (400, "provider-code-not-valid")
        await other.begin()  # has a cookie now, but another one
        assert outcome(await other.redeem(said)) == (400, "provider-code-not-valid")
    assert (await browser.redeem(said)).status_code == 200
    assert outcome(await browser.redeem(said)) == (400, "provider-code-not-valid")
    said = await browser.visit()
    await superuser.execute("UPDATE provider_codes SET expires_at = clock_timestamp()")
    assert outcome(await browser.redeem(said)) == (400, "provider-code-not-valid")


async def test_a_flow_belongs_to_its_browser(browser: Browser, app: FastAPI, idp: IdentityProvider) -> None:
    """Login CSRF: an address from somebody else's flow does nothing here, and does not disturb theirs."""
    told = idp.consent(await browser.begin())
    async with browser_of(app, idp) as victim:
        assert await victim.arrive(told) == {"provider-error": "flow-not-valid"}
        await victim.begin()
        assert await victim.arrive(told) == {"provider-error": "flow-not-valid"}
    assert "provider-code" in await browser.arrive(told)
    assert await browser.arrive(told) == {"provider-error": "flow-not-valid"}, "used up"


async def test_twenty_answers_with_one_state_have_one_effect(
    browser: Browser, idp: IdentityProvider, superuser: Connection
) -> None:
    told = idp.consent(await browser.begin())
    said = await asyncio.gather(*(browser.arrive(told) for _ in range(20)))
    assert sorted(next(iter(one)) for one in said) == ["provider-code", *["provider-error"] * 19]
    assert len(await accounts_of(superuser, idp)) == 1
    assert idp.asked.count("/token") >= 1


async def test_two_first_visits_at_once_open_one_account(
    browser: Browser, idp: IdentityProvider, superuser: Connection
) -> None:
    """In two tabs, which share the cookie."""
    flows = [idp.consent(await browser.begin()) for _ in range(8)]
    said = await asyncio.gather(*(browser.arrive(told) for told in flows))
    assert all("provider-code" in one for one in said), said
    assert len(await accounts_of(superuser, idp)) == 1
    count = await superuser.fetchval("SELECT count(*) FROM accounts WHERE email = $1", idp.person["email"])
    assert count == 1


async def test_sign_up_and_first_visit_at_once_are_one_account(
    browser: Browser, client: AsyncClient, idp: IdentityProvider, superuser: Connection
) -> None:
    """The account of either; never a link that the address did not allow."""
    for _ in range(5):
        idp.person = someone()
        told = idp.consent(await browser.begin())
        person = {"email": idp.person["email"], "password": "a long enough passphrase", "name": "Ada"}
        said, reply = await asyncio.gather(browser.arrive(told), client.post("/auth/register", json=person))
        won = "provider-code" in said
        assert (reply.status_code, said.get("provider-error")) == ((409, None) if won else (201, "address-taken"))
        assert len(await accounts_of(superuser, idp)) == int(won)


async def test_who_may_not_sign_in_does_not(
    browser: Browser, idp: IdentityProvider, superuser: Connection, manage: Manage
) -> None:
    account = int(part((await browser.sign_in())["access_token"], 1)["sub"])
    said = await browser.visit()
    await manage(lambda management: management.change(account, SERVER, status="disabled"))
    assert outcome(await browser.redeem(said)) == (400, "provider-code-not-valid"), "not even with a code from before"
    assert await browser.visit() == {"provider-error": "account-not-admitted"}
    waiting = await superuser.fetchval("SELECT count(*) FROM provider_codes WHERE account_id = $1", account)
    assert waiting == 0


async def test_an_account_with_a_second_factor_wants_it(
    browser: Browser, idp: IdentityProvider, superuser: Connection
) -> None:
    account = int(part((await browser.sign_in())["access_token"], 1)["sub"])
    await superuser.execute("UPDATE accounts SET second_factor = true WHERE id = $1", account)
    said = await browser.visit()
    assert (await browser.redeem(said)).json()["state"] == "second-factor-needed"
    asked = "SELECT detail->>'via' FROM audit_events WHERE account_id = $1 AND action = 'second-factor-asked'"
    assert await superuser.fetchval(asked, account) == "provider:idp"
    assert outcome(await browser.redeem(said)) == (400, "provider-code-not-valid"), "and the code is used up"


async def test_an_account_without_a_password_has_none_that_fits(
    browser: Browser, client: AsyncClient, idp: IdentityProvider
) -> None:
    """S-06: as an unknown address."""
    await browser.sign_in()
    answers = []
    for email in (idp.person["email"], "nobody@people.example"):
        reply = await client.post("/auth/sign-in", json={"email": email, "password": "!"})
        answers.append((reply.status_code, {**reply.json(), "instance": ""}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


async def test_a_page_that_is_not_listed_is_not_returned_to(browser: Browser) -> None:
    """No open redirect (RFC 9700, section 4.11)."""
    ours = "http://127.0.0.1:8000/"
    for page in (f"{ours}x", f"{ours}?x", "http://127.0.0.1:8000", "https://evil.example/", "//evil.example", "/"):
        reply = await browser.client.get("/auth/providers/idp/authorize", params={"return_to": page})
        assert outcome(reply) == (422, "return-not-listed"), page
    assert (await browser.begin(return_to=ours))["redirect_uri"] == f"{ours}auth/providers/idp/callback"


async def test_what_the_provider_is_asked(browser: Browser, superuser: Connection) -> None:
    first, second = await browser.begin(), await browser.begin()
    assert {
        name: first[name] for name in ("tenant", "response_type", "client_id", "scope", "code_challenge_method")
    } == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "site",
        "scope": "openid email profile",
        "code_challenge_method": "S256",
    }
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]
    stored = str(await superuser.fetch("SELECT * FROM provider_flows"))
    assert first["state"] not in stored
    (cookie,) = browser.client.cookies.jar
    assert (cookie.name, cookie.secure, cookie.path) == ("provider-flow", False, "/")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    assert cookie.has_nonstandard_attr("HttpOnly")


async def test_with_https_no_other_host_can_set_the_cookie(settings: Settings, idp: IdentityProvider) -> None:
    async with site(settings, idp, issuer="https://site.example") as app, browser_of(app, idp) as browser:
        reply = await browser.client.get("/auth/providers/idp/authorize")
        cookie = reply.headers["set-cookie"]
        assert cookie.startswith("__Host-provider-flow=")
        assert {part.strip() for part in cookie.split(";")[1:]} == {
            "HttpOnly",
            "Max-Age=600",
            "Path=/",
            "SameSite=lax",
            "Secure",
        }
        assert (
            "redirect_uri=https%3A%2F%2Fsite.example%2Fauth%2Fproviders%2Fidp%2Fcallback" in reply.headers["location"]
        )


async def test_providers_are_listed_without_their_secrets(client: AsyncClient) -> None:
    reply = await client.get("/auth/providers")
    assert reply.json() == {"items": [{"name": "idp", "title": "Example", "preset": None}]}
    assert outcome(await client.get("/auth/providers/other/authorize")) == (404, "provider-not-found")
    assert outcome(await client.get("/auth/providers/other/callback")) == (404, "provider-not-found")
