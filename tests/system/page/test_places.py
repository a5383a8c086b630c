# file: only with posts
"""Back restores lists and scroll positions."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from tests.system.page.conftest import Visit, Visitor, chromium

pytestmark = pytest.mark.page

SCROLLED = "Math.round(scrollY)"


async def down(page: Page, top: int) -> None:
    await page.evaluate("top => scrollTo(0, top)", top)
    await is_down(page, top)


async def is_down(page: Page, top: int) -> None:
    await page.wait_for_function("top => Math.round(scrollY) === top", arg=top)


@pytest.mark.usefixtures("world")
async def test_back_finds_a_list_as_it_was_left(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.go()
    posts = ada.page.get_by_role("list", name="Latest posts").locator("> li")
    for count in (20, 40, 60):
        await expect(posts).to_have_count(count)
        if count < 60:
            await ada.press("Show more")
    await down(ada.page, 7000)
    await posts.nth(45).locator("h2 a").evaluate("link => link.click()")
    await expect(ada.page.locator("article")).to_be_visible()
    assert await ada.page.evaluate(SCROLLED) == 0

    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    await ada.page.go_back()
    await expect(posts).to_have_count(60)
    await is_down(ada.page, 7000)
    await expect(ada.page.get_by_role("button", name="Show more")).to_be_enabled()
    await expect(posts).to_have_count(60)
    assert await ada.page.evaluate(SCROLLED) == 7000
    assert [url for url in asked if "/posts?" in url] == [f"{ada.url}/posts?limit=60"]  # new posts are shown

    await ada.press("Show more")
    await expect(posts).to_have_count(80)
    await ada.page.go_forward()
    await expect(ada.page.locator("article")).to_be_visible()
    await ada.page.locator(".brand").click()  # a new visit
    await expect(posts).to_have_count(20)
    assert await ada.page.evaluate(SCROLLED) == 0


@pytest.mark.usefixtures("world")
async def test_back_finds_the_list_after_a_comment_and_after_an_edit(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.publish("Mine", "One.")
    await ada.go()
    posts = ada.page.get_by_role("list", name="Latest posts").locator("> li")
    for count in (20, 40, 60, 80):
        await expect(posts).to_have_count(count)
        await ada.press("Show more")
    await expect(posts).to_have_count(100)
    await down(ada.page, 9000)
    await posts.nth(70).locator("h2 a").evaluate("link => link.click()")
    await ada.fill("Add a comment", "Well seen.")
    await ada.press("Comment")
    await ada.is_told("Your comment is published.")
    await ada.page.go_back()
    await expect(posts).to_have_count(100)
    await is_down(ada.page, 9000)

    await down(ada.page, 300)
    await ada.page.get_by_role("link", name="Mine", exact=True).evaluate("link => link.click()")
    await ada.page.get_by_role("link", name="Edit", exact=True).click()
    await ada.fill("Title", "Mine, better")
    await ada.press("Save")
    await expect(ada.page.get_by_role("heading", name="Mine, better", level=1)).to_be_visible()
    for place in ("Edit", "Mine, better"):  # the editor, and the post before the edit
        await ada.page.go_back()
        await expect(ada.page.get_by_role("heading", name=place, level=1)).to_be_visible()
    await ada.page.go_back()
    await expect(posts).to_have_count(100)
    await is_down(ada.page, 300)
    await expect(posts.first.locator("h2")).to_have_text("Mine, better")


@pytest.mark.usefixtures("world")
async def test_back_waits_for_what_is_above_the_list(visit: Visit) -> None:
    """On a person's page, their name comes first."""
    ada = await visit("Ada Lovelace", "phone")
    await ada.go("/top")
    await ada.page.locator(".post .name").first.click()
    posts = ada.page.locator(".posts > li")
    await expect(posts.nth(3)).to_be_visible()
    await down(ada.page, 500)
    await posts.nth(3).locator("h2 a").evaluate("link => link.click()")
    await expect(ada.page.locator("article")).to_be_visible()
    await ada.page.go_back()
    await is_down(ada.page, 500)


@pytest.mark.usefixtures("world")
async def test_a_list_that_cannot_be_read_anew_stays_and_can_be_tried_again(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("500 (Internal Server Error)")
    await ada.go()
    posts = ada.page.get_by_role("list", name="Latest posts").locator("> li")
    await expect(posts).to_have_count(20)
    await ada.press("Show more")
    await expect(posts).to_have_count(40)
    await posts.first.locator("h2 a").click()
    await expect(ada.page.locator("article")).to_be_visible()

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, json={"code": "internal-error"})

    await ada.page.route("**/posts?*", fail, times=1)
    await ada.page.go_back()
    await ada.sees("Something went wrong on our side.")
    await expect(posts).to_have_count(40)
    await ada.press("Try again")
    await expect(ada.page.get_by_role("alert")).to_have_count(0)
    await expect(posts).to_have_count(40)
    await ada.press("Show more")
    await expect(posts).to_have_count(60)


async def test_the_page_works_where_site_data_are_blocked(url: str, tmp_path: Path) -> None:
    """Then storage and locks throw; a session lasts until the tab is closed."""
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=chromium(), args=["--no-sandbox"], locale="en-GB"
        )
        ada = Visitor(context.pages[0], url, "Ada Lovelace")
        ada.page.on("console", ada.hear)
        ada.page.on("pageerror", lambda error: ada.said.append(str(error)))
        await ada.page.goto(url)
        refused = "() => { try { localStorage } catch (error) { return error.name } }"
        assert await ada.page.evaluate(refused) == "SecurityError"
        await ada.go("/sign-in")
        await ada.sees("This browser keeps no data for this page")
        await ada.picture("site-data-blocked")
        await ada.sign_up()
        await ada.page.get_by_label("Your menu").click()
        await ada.page.locator(".menu").get_by_role("button", name="Colours").click()
        await ada.go("/write")
        await ada.fill("Title", "First light")
        await ada.fill("Text", "One.")
        await ada.go("/tags")
        await ada.go("/write")
        await expect(ada.page.get_by_label("Text")).to_have_value("One.")
        await ada.press("Publish")
        await expect(ada.page.locator("article .text")).to_have_text("One.")
        await ada.page.get_by_label("Your menu").click()
        await ada.page.locator(".menu").get_by_role("button", name="Sign out").click()
        await ada.is_told("You are signed out.")
        await context.close()
    assert ada.complaints == []
