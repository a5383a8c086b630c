"""Links in mails open the page, which performs their action."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from deploy.local.mail import LINK
from tests.system.conftest import LocalStack
from tests.system.page.conftest import Visit, Visitor

pytestmark = pytest.mark.page

PATIENCE = 10
NextLink = Callable[[str, str], Awaitable[str]]


@pytest.fixture
def next_link(request: pytest.FixtureRequest) -> NextLink:
    """The link of the next mail of a kind to an address: `await next_link(email, "password-reset")`."""
    place = os.environ.get("MAIL_DIR")  # must be set together with SYSTEM_URL
    stack: LocalStack | None = None if place else request.getfixturevalue("local_stack")
    folder = stack.folder / "mail" if stack else Path(place or "")

    def look(email: str, purpose: str) -> list[str]:
        links = []
        for path in sorted(folder.glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
            body = mail.get_body(["plain"])
            link = LINK.search(body.get_content()) if body else None
            if mail["To"] == email and link and f"#{purpose}=" in link[0]:
                links.append(link[0])
        return links

    async def next_link(email: str, purpose: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while not (links := await asyncio.to_thread(look, email, purpose)):
            assert time.monotonic() < deadline, f"no mail about {purpose}"
            await asyncio.sleep(0.1)
        return links[-1]

    return next_link


async def open_link(visitor: Visitor, link: str) -> None:
    await visitor.page.goto("about:blank")
    await visitor.page.goto(link)


async def test_a_newcomer_proves_the_address(visit: Visit, next_link: NextLink) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.sees("Please confirm your address")
    link = await next_link(ada.email, "verify-email")
    await open_link(ada, link)
    assert link.partition("=")[2] not in ada.page.url
    await ada.press("Confirm my address")
    await ada.sees("Your address is confirmed")
    await expect(ada.page.get_by_text("Please confirm your address")).to_have_count(0)

    await open_link(ada, link)  # again, from the mail
    await ada.press("Confirm my address")
    await ada.sees("Your address is confirmed")

    ada.expected.add("400 (Bad Request)")
    await open_link(ada, f"{link}x")
    await ada.press("Confirm my address")
    await ada.sees("This link does not work any more; ask for a new one. If you have confirmed your address before")


async def test_a_program_that_loads_mailed_links_changes_nothing(visit: Visit, next_link: NextLink) -> None:
    """As mail scanners do, with scripts."""
    ada, scanner = await visit("Ada Lovelace"), await visit("a mail scanner")
    await ada.sign_up()
    await ada.go("/settings/account")
    form = ada.page.get_by_role("form", name="Change email")
    await form.get_by_label("New email").fill(f"new.{ada.email}")
    await form.get_by_label("Password").fill(ada.password)
    await form.get_by_role("button").click()
    await ada.is_told("We have sent a link")
    sent: list[str] = []
    scanner.page.on("request", lambda request: sent.append(request.method))
    for email, purpose, action in [
        (ada.email, "verify-email", "Confirm my address"),
        (f"new.{ada.email}", "email-change", "Use this address"),
    ]:
        await open_link(scanner, await next_link(email, purpose))
        await expect(scanner.page.get_by_role("button", name=action)).to_be_visible()
        await scanner.page.wait_for_load_state("networkidle")
        await scanner.picture(f"mailed-{purpose}")
    assert set(sent) == {"GET"}
    await ada.page.reload()
    await ada.sees(f"You sign in with {ada.email}. It is not confirmed yet.")


TOKEN = "Zr9-T0k_en" * 4 + "abc"


@pytest.mark.parametrize(
    "spelled",
    [
        "/#verify-email={}",
        "/%23verify-email={}",
        "/%23verify-email%3D{}",
        "/%2523verify-email%253D{}",
        "/#verify-email%3D{}",
        "/#verify%2Demail={}",
        "/#/verify-email={}",
        "/#verify-email={}.",
        "/#verify-email={}%2E",
        "/#verify-email={}&utm_source=mail",
        "/?verify-email={}",
        "/?utm_source=mail&verify-email={}",
        "/?utm_source=mail#verify-email={}",
        "/%23verify-email={}?utm_source=mail",
        "/verify-email={}",
    ],
)
async def test_a_token_is_taken_however_a_program_on_the_way_spells_its_link(visit: Visit, spelled: str) -> None:
    ada = await visit("Ada Lovelace")
    opened: list[str | None] = []

    async def confirm(route: Route) -> None:
        opened.append(route.request.post_data)
        await route.fulfill(status=204)

    await ada.page.route("**/auth/verify-email/confirm", confirm)
    await open_link(ada, ada.url + spelled.format(TOKEN))
    await ada.press("Confirm my address")
    await ada.sees("Your address is confirmed")
    assert [json.loads(body or "")["token"] for body in opened] == [TOKEN]
    assert ada.page.url == f"{ada.url}/mailed/verify-email"


@pytest.mark.parametrize(
    "damaged", ["verify-email=%", "verify-email=", "verify-email", "password-reset=%E0", "email-change=."]
)
async def test_a_damaged_link_is_told_to_be_one(visit: Visit, damaged: str) -> None:
    ada = await visit("Ada Lovelace")
    await open_link(ada, f"{ada.url}/#{damaged}")
    await ada.sees("The link is not complete")
    await ada.page.reload()
    await ada.sees("The link is not here any more")


async def test_places_of_the_page_are_found_with_an_escaped_hash_too(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.page.goto(f"{ada.url}/%23/search?q=moon%20light")
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Results for “moon light”")
    assert ada.page.url == f"{ada.url}/search?q=moon%20light"


async def test_who_asks_for_the_link_again_too_soon_is_told_when_to_ask(visit: Visit) -> None:
    """Instead of the message that a link was sent."""
    ada = await visit("Ada Lovelace")
    ada.expected.add("429 (Too Many Requests)")
    await ada.sign_up()

    async def too_soon(route: Route) -> None:
        await route.fulfill(status=429, headers={"Retry-After": "4"}, json={"code": "mail-sent-lately"})

    await ada.page.route("**/auth/verify-email", too_soon, times=1)
    banner = ada.page.get_by_role("region", name="Confirm your address")
    button = banner.get_by_role("button", name="Send the link again")
    await button.click()
    await ada.is_told("A link was sent a short time ago. You can ask again in 4 seconds.")
    await expect(button).to_be_disabled()
    await expect(banner).to_contain_text("seconds")
    await ada.picture("asked-too-soon")
    await expect(button).to_be_enabled()


async def test_a_link_works_once_also_where_the_session_turns_out_to_be_over(visit: Visit, next_link: NextLink) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected |= {"400 (Bad Request)", "401 (Unauthorized)"}  # the renewal, and the request after it
    await ada.sign_up()
    link = await next_link(ada.email, "verify-email")
    await ada.page.evaluate("""() => {
        const { refresh } = JSON.parse(localStorage.getItem("trivium.session"));
        return fetch("/auth/revoke", { method: "POST", body: new URLSearchParams({ token: refresh }) });
    }""")
    opened: list[str] = []
    ada.page.on("request", lambda request: opened.append(request.url) if request.url.endswith("/confirm") else None)
    await open_link(ada, link)
    await ada.press("Confirm my address")
    await ada.sees("Your address is confirmed")
    await expect(ada.page.locator("main").get_by_role("link", name="Sign in")).to_be_visible()
    assert len(opened) == 1


async def test_where_addresses_must_be_proven_a_newcomer_is_told(visit: Visit, next_link: NextLink) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("401 (Unauthorized)")

    async def refuse(route: Route) -> None:
        """As with REQUIRE_VERIFIED_EMAIL, until the address is verified."""
        await route.fulfill(status=401, json={"code": "wrong-credentials"})

    await ada.page.route("**/auth/sign-in", refuse)
    await ada.go("/sign-up")
    for label, text in {"Name": ada.name, "Email": ada.email, "Password": ada.password}.items():
        await ada.fill(label, text)
    await ada.press("Create account")
    await ada.sees(f"We have sent a link to {ada.email}.")
    await next_link(ada.email, "verify-email")

    await ada.page.locator("main").get_by_role("link", name="Sign in").click()
    await ada.page.get_by_role("link", name="Address not confirmed?").click()
    await ada.fill("Email", ada.email)
    await ada.press("Send the link")
    await ada.sees("a link that confirms the address is on its way")


async def test_a_forgotten_password_is_replaced(visit: Visit, next_link: NextLink) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    other = await visit("Ada, who forgot", "phone")
    other.email, other.password = ada.email, "four grey window boxes"
    await other.go("/sign-in")
    await other.page.get_by_role("link", name="Forgot your password?").click()
    await other.fill("Email", other.email)
    await other.press("Send the link")
    await other.sees("Look into your mail")
    await open_link(other, await next_link(other.email, "password-reset"))
    await other.fill("New password", other.password)
    await other.press("Change password")
    await other.is_told("Your password is changed.")
    await other.enter_password()
    await expect(other.page.get_by_label("Your menu")).to_be_visible()


async def test_password_and_address_are_changed(visit: Visit, next_link: NextLink) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected |= {"403 (Forbidden)", "422 (Unprocessable"}
    await ada.sign_up()
    await ada.go("/settings/account")
    change = ada.page.get_by_role("form", name="Change password")
    await change.get_by_label("Current password").fill("not the one at all")
    await change.get_by_label("New password").fill("four grey window boxes")
    await change.get_by_role("button").click()
    await expect(change.get_by_label("Current password")).to_be_focused()
    await change.get_by_label("Current password").fill(ada.password)
    await change.get_by_label("New password").fill("password1")
    await change.get_by_role("button").click()
    await expect(change.get_by_label("New password")).to_have_attribute("aria-invalid", "true")  # too well known
    await change.get_by_label("New password").fill("four grey window boxes")
    await change.get_by_role("button").click()
    await ada.is_told("Your password is changed")

    form = ada.page.get_by_role("form", name="Change email")
    await form.get_by_label("New email").fill(f"new.{ada.email}")
    await form.get_by_label("Password").fill("four grey window boxes")
    await form.get_by_role("button").click()
    await ada.is_told("We have sent a link")
    await open_link(ada, await next_link(f"new.{ada.email}", "email-change"))
    await ada.press("Use this address")
    await ada.sees("Your address is changed")
    await ada.go("/settings/account")
    await ada.sees(f"new.{ada.email}")
