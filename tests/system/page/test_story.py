"""Two people use the page, from signing up to signing out."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page

# begin: only with posts
TOLD = 2.0
"""Seconds until posts has users' event: one, and the same again for a busy machine."""


async def test_two_people_write_follow_like_comment_and_search(visit: Visit) -> None:
    ada, grace = await visit("Ada Lovelace"), await visit("Grace Hopper", "phone")
    await ada.sign_up()
    await grace.sign_up()
    word = ada.email.partition("@")[0]

    # only its author sees a draft; then it is published
    await ada.go("/write")
    await ada.fill("Title", f"First light {word}")
    await ada.fill("Text", "It was a clear night.\n\n<b>And</b> cold.")
    await ada.fill("Tags", f"Astronomy, #{word}")
    preview = ada.page.get_by_label("Tags as they will be").get_by_role("listitem")
    await expect(preview).to_have_text(["astronomy", word])
    await ada.press("Save draft")
    await ada.is_told("The draft is saved. Only you can see it.")
    await ada.page.get_by_role("link", name=f"First light {word}").click()
    await ada.press("Publish")
    await ada.is_told("Your post is published.")
    await expect(ada.page.locator("article .text")).to_have_text("It was a clear night.\n\n<b>And</b> cold.")  # S-39
    post = ada.page.url

    # the other finds it, and its author
    await grace.go("/search")
    await grace.fill("Search posts", word)
    await grace.page.keyboard.press("Enter")
    await grace.page.get_by_role("link", name=f"First light {word}").click()
    await grace.page.get_by_role("button", name="Like, 0 likes").click()
    await expect(grace.page.get_by_role("button", name="Like, 1 like")).to_have_attribute("aria-pressed", "true")
    await grace.fill("Add a comment", "Wel seen.")
    await grace.press("Comment")
    await grace.is_told("Your comment is published.")
    await grace.page.locator(".comment").get_by_role("button", name="Edit").click()
    await grace.fill("Comment", "Well seen.")
    await grace.press("Save")
    await expect(grace.page.locator(".comment .text")).to_have_text("Well seen.")
    await grace.page.get_by_role("link", name="Ada Lovelace").click()
    await grace.press("Follow")
    await grace.is_told("You follow Ada Lovelace.")
    await expect(grace.page.get_by_role("link", name="1 follower")).to_be_visible()
    await asyncio.sleep(TOLD)
    await grace.go("/following")
    await grace.sees(f"First light {word}")

    # the author edits, and sees the comments
    await ada.page.reload()
    await ada.sees("Well seen.")
    await ada.page.get_by_role("link", name="Edit", exact=True).click()
    await ada.fill("Text", "It was a clear night, and cold.")
    await ada.press("Save")
    await ada.sees("It was a clear night, and cold.")
    await expect(ada.page.locator("article")).to_contain_text("edited")

    # a comment is deleted, and its author is blocked; a blocked account cannot comment
    await ada.page.locator(".comment").get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await ada.is_told("The comment is deleted.")
    await ada.go(f"/people/{await person_id(grace.page)}")
    await ada.press("Block")
    await ada.page.get_by_role("dialog").get_by_role("button", name="Block").click()
    await ada.is_told("Grace Hopper is blocked.")
    await ada.sees("You blocked this person")
    await asyncio.sleep(TOLD)
    grace.expected.add("403 (Forbidden)")
    await grace.page.goto(post)
    await grace.fill("Add a comment", "May I?")
    await grace.press("Comment")
    await expect(grace.page.get_by_role("alert")).to_be_visible()
    await ada.go("/settings/blocked")
    await ada.press("Unblock Grace Hopper")
    await ada.sees("Nobody is blocked")

    await ada.page.goto(post)
    await ada.page.locator("article").get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await ada.sees("has not published anything so far")


async def person_id(page: Page) -> int:
    """The page's user, by its link to the profile."""
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Profile")
    return int((await link.get_attribute("href") or "").rpartition("/")[2])


# end: only with posts
async def test_people_keep_their_account(visit: Visit, tmp_path: Path) -> None:
    ada, phone = await visit("Ada Lovelace"), await visit("Ada's phone", "phone")
    await ada.sign_up()
    await ada.go("/settings/profile")
    await ada.fill("About you", "Poetical science.")
    await ada.press("Save")
    await ada.is_told("Your profile is saved.")

    # the other device signs in by keyboard only, is listed, and is signed out
    await phone.go("/people/1/followers")  # for who is signed in
    await expect(phone.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await phone.go("/settings/blocked")  # which asks to sign in first, and then opens the route
    await expect(phone.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await phone.page.reload()
    await expect(phone.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await phone.page.keyboard.press("Tab")
    await expect(phone.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for typed in ("Enter", "Tab", ada.email, "Tab", ada.password, "Enter"):
        if typed in {"Tab", "Enter"}:
            await phone.page.keyboard.press(typed)
        else:
            await phone.page.keyboard.type(typed)
    await phone.sees("Nobody is blocked")
    await ada.go("/settings/devices")
    await expect(ada.page.get_by_role("list", name="Devices").get_by_role("listitem")).to_have_count(2)
    await ada.press("Sign out all others")
    await ada.is_told("All other devices are signed out.")
    await expect(ada.page.get_by_role("list", name="Devices").get_by_role("listitem")).to_have_count(1)
    phone.expected |= {"401 (Unauthorized)", "400 (Bad Request)"}
    await phone.page.reload()
    await expect(phone.page.get_by_role("heading", name="Welcome back")).to_be_visible()

    await ada.go("/settings/data")
    async with ada.page.expect_download() as started:
        await ada.press("Download my data")
    file = tmp_path / "export.json"
    await (await started.value).save_as(file)
    export = json.loads(file.read_text())
    assert (export["complete"], export["users"]["profile"][0]["bio"]) == (True, "Poetical science.")

    await ada.page.get_by_label("Your menu").click()
    await ada.page.locator(".menu").get_by_role("button", name="Sign out").click()
    await expect(ada.page.get_by_role("link", name="Sign up")).to_be_visible()
    assert await ada.page.evaluate("localStorage.getItem('trivium.session')") is None
