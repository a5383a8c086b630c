"""Sign-up and sign-in by a real provider, and linking it, in the browser (`make test-providers`)."""

import json
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.oidc_provider import SECRET, running
from tests.system.conftest import LocalStack
from tests.system.page.conftest import Visit, Visitor

pytestmark = pytest.mark.providers

ITS_OWN = {"fonts.googleapis.com", "favicon.ico"}
"""What the provider's pages ask for."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A stack of its own, with a provider."""
    stack = LocalStack(tmp_path_factory.mktemp("provided"))
    with running(f"{stack.url}/auth/providers/idp/callback") as issuer:
        described = {"name": "idp", "title": "Example", "issuer": issuer, "client_id": "site", "client_secret": SECRET}
        stack.environment["PROVIDERS"] = json.dumps([described])
        started = stack.run("start")
        assert started.returncode == 0, started.stdout + started.stderr
        yield stack.url
        stopped = stack.run("reset")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr


async def agree(visitor: Visitor, person: str) -> None:
    """At the provider, whose pages are its own."""
    page = visitor.page
    visitor.expected |= ITS_OWN
    await page.locator("input[name=login]").fill(person)
    await page.locator("input[name=password]").fill("x")
    await page.locator("button[type=submit]").click()
    await page.get_by_role("button", name="Continue").click()


async def test_somebody_signs_up_by_a_provider(visit: Visit) -> None:
    ada = await visit("Ms ada")
    await ada.go("/sign-up")
    await ada.page.get_by_role("link", name="Continue with Example").click()
    await agree(ada, "ada")
    await ada.page.wait_for_url(f"{ada.url}/")
    await ada.go("/settings/account")
    await ada.sees("ada@people.example")
    await ada.sees("You have none. With one, you can also sign in")
    await expect(ada.page.get_by_role("button", name="Remove Example")).to_be_visible()
    ada.expected.add("409 (Conflict)")
    await ada.press("Remove Example")
    await ada.is_told("This is the only way in to your account.")
    assert "provider-code" not in await ada.page.evaluate("location.href + JSON.stringify(history.state)")


async def test_somebody_links_a_provider_and_signs_in_with_it(visit: Visit) -> None:
    grace, elsewhere = await visit("Grace Hopper"), await visit("Grace Hopper", "phone")
    await grace.sign_up()
    await grace.go("/settings/account")
    await grace.press("Link Example")
    await agree(grace, "grace")
    await grace.is_told("It is linked")
    await expect(grace.page.get_by_role("button", name="Remove Example")).to_be_visible()
    await elsewhere.go("/sign-in")
    await elsewhere.page.get_by_role("link", name="Continue with Example").click()
    await agree(elsewhere, "grace")
    await elsewhere.page.wait_for_url(f"{elsewhere.url}/")
    await elsewhere.go("/settings/account")
    await elsewhere.sees(grace.email)
    await grace.press("Remove Example")
    await grace.is_told("Example is removed")


async def test_whoever_does_not_agree_is_told_so(visit: Visit) -> None:
    eve = await visit("Eve")
    eve.expected |= ITS_OWN
    await eve.go("/sign-in")
    await eve.page.get_by_role("link", name="Continue with Example").click()
    await eve.page.get_by_role("link", name="Cancel").click()
    await eve.sees("You did not agree, so nothing has happened.")
