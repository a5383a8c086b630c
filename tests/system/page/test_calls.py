# file: only with posts
"""The page's calls to the API: concurrent changes, refusals, and what is not sent again."""

import asyncio

import pytest
from playwright.async_api import Response, Route, expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page


async def test_who_edits_what_has_changed_is_told_and_loses_nothing(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("412 (Precondition Failed)")
    await ada.sign_up()
    post = await ada.publish("First light", "One.")
    await ada.go(f"/post/{post}/edit")
    await ada.fill("Text", "Two.")
    other = await ada.page.context.new_page()
    await other.goto(f"{ada.url}/post/{post}/edit")
    await other.get_by_label("Text").fill("Three.")
    await other.get_by_role("button", name="Save").click()
    await expect(other.locator("article .text")).to_have_text("Three.")
    await ada.press("Save")
    await ada.sees("Somebody changed it meanwhile")
    await expect(ada.page.get_by_label("Text")).to_have_value("Two.")
    await ada.press("Load the newer version")
    await expect(ada.page.get_by_label("Text")).to_have_value("Three.")


async def test_refusals_stand_at_their_fields(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected |= {"422 (Unprocessable", "409 (Conflict)", "401 (Unauthorized)"}
    await ada.go("/sign-up")
    for label, text in {"Name": "Ada", "Email": "ada@localhost", "Password": ada.password}.items():
        await ada.fill(label, text)
    await ada.press("Create account")
    email = ada.page.locator("main").get_by_label("Email")
    await expect(email).to_have_attribute("aria-invalid", "true")
    await expect(email).to_be_focused()
    await expect(ada.page.locator(".wrong")).to_have_count(1)

    await ada.sign_up()
    await ada.page.get_by_label("Your menu").click()
    await ada.page.locator(".menu").get_by_role("button", name="Sign out").click()
    await expect(ada.page.get_by_role("link", name="Sign up")).to_be_visible()  # until the server has been told
    await ada.go("/sign-up")
    for label, text in {"Name": "Ada", "Email": ada.email, "Password": ada.password}.items():
        await ada.fill(label, text)
    await ada.press("Create account")
    await expect(ada.page.locator("main").get_by_label("Email")).to_be_focused()  # the address is taken

    await ada.go("/sign-in")
    await ada.fill("Email", ada.email)
    await ada.fill("Password", "not the right one")
    await ada.press("Sign in")
    await expect(ada.page.get_by_role("alert")).to_have_text("Email or password is not right.")


async def test_a_click_as_the_menu_goes_does_no_harm(visit: Visit) -> None:
    """Its listeners outlive it until the next paint (findings/preact-effects-end-after-refs.sh)."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.page.get_by_label("Your menu").click()
    await ada.page.evaluate(
        """() => new MutationObserver((_, observer) => {
            if (document.querySelector(".menu")) return;
            observer.disconnect();
            document.body.dataset.clicked = "yes";
            document.body.click();
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    await ada.page.locator(".menu").get_by_role("button", name="Sign out").click()
    await expect(ada.page.get_by_role("link", name="Sign up")).to_be_visible()
    await expect(ada.page.locator("body")).to_have_attribute("data-clicked", "yes")


async def test_waiting_is_counted_down(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("429 (Too Many Requests)")

    async def too_many(route: Route) -> None:
        if route.request.method == "GET":  # the list of the ways to sign in
            await route.continue_()
        else:
            await route.fulfill(status=429, headers={"Retry-After": "4"}, json={"code": "rate-limited"})

    await ada.page.route("**/auth/sign-in", too_many)
    await ada.go("/sign-in")
    await ada.enter_password()
    await ada.sees("Too many tries. Wait")
    await expect(ada.page.get_by_role("button", name="Sign in")).to_be_disabled()
    await ada.sees("You can try again now.")
    await expect(ada.page.get_by_role("button", name="Sign in")).to_be_enabled()


async def test_the_unexpected_is_shown_with_its_number(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("500 (Internal Server Error)")

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, headers={"X-Request-ID": "6c9a3f1e"}, json={"code": "internal-error"})

    await ada.page.route("**/posts", fail, times=1)
    await ada.go()
    await ada.sees("Something went wrong on our side.")
    await ada.sees("6c9a3f1e")
    await ada.press("Try again")
    await expect(ada.page.get_by_role("alert")).to_have_count(0)


async def test_many_tabs_stay_signed_in_with_one_refresh_token(visit: Visit) -> None:
    """All tabs renew their token at once, repeatedly; the server ends a session whose token is used twice."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    tabs = [ada.page, *[await ada.page.context.new_page() for _ in range(3)]]
    for _ in range(3):
        await asyncio.gather(*(tab.goto(f"{ada.url}/drafts?{index}") for index, tab in enumerate(tabs)))
    for tab in tabs:
        await expect(tab.get_by_role("heading", name="No drafts")).to_be_visible()

    # and one sign-out signs all of them out
    await ada.page.get_by_label("Your menu").click()
    await ada.page.locator(".menu").get_by_role("button", name="Sign out").click()
    for tab in tabs[1:]:
        await expect(tab.get_by_role("heading", name="Welcome back")).to_be_visible()


async def test_what_has_not_changed_is_not_sent_again(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    post = await ada.publish("First light", "One.")
    statuses: list[int] = []

    def note(answer: Response) -> None:
        if answer.url.endswith(f"/posts/{post}"):
            statuses.append(answer.status)

    ada.page.on("response", note)
    for place, heading in [("/tags", "Tags"), (f"/post/{post}", "First light")] * 2:
        await ada.go(place)
        await expect(ada.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    assert statuses == [304, 304]


async def test_the_same_words_said_twice_are_two_comments(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.publish("First light", "One.")
    for times in (1, 2):
        await ada.fill("Add a comment", "Well seen.")
        await ada.press("Comment")
        await expect(ada.page.locator(".comment")).to_have_count(times)
        await expect(ada.page.get_by_label("Add a comment")).to_have_value("")
    await ada.page.reload()
    await expect(ada.page.locator(".comment")).to_have_count(2)


async def test_who_is_signed_in_is_asked_for_until_it_is_known(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("500 (Internal Server Error)")
    await ada.sign_up()

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, json={"code": "internal-error"})

    await ada.page.route("**/users/me", fail)
    await ada.go("/write")
    await ada.page.reload()
    await ada.sees("Something went wrong on our side.")
    await ada.go("/settings/account")
    await ada.sees(f"You sign in with {ada.email}")  # the other one is there
    await ada.go("/write")
    await ada.page.unroute("**/users/me")
    await expect(ada.page.get_by_label("Title")).to_be_visible()
