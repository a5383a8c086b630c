# file: only with posts
"""Unsent input stays until it is sent, and only for its author."""

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit, Visitor

pytestmark = pytest.mark.page

KEPT = "Object.keys(sessionStorage).filter((name) => name.startsWith('trivium.draft '))"


async def end_session(visitor: Visitor) -> None:
    """As if another tab found the session ended."""
    other = await visitor.page.context.new_page()
    await other.goto(f"{visitor.url}/healthz")
    await other.evaluate("localStorage.removeItem('trivium.session')")
    await other.close()
    await expect(visitor.page.get_by_role("heading", name="Welcome back")).to_be_visible()


async def sign_in(visitor: Visitor, email: str) -> None:
    await visitor.fill("Email", email)
    await visitor.fill("Password", visitor.password)
    await visitor.press("Sign in")
    await expect(visitor.page.get_by_label("Your menu")).to_be_visible()


async def test_a_post_being_written_outlives_its_session(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.go("/write")
    await ada.fill("Title", "First light")
    await ada.fill("Text", "It was a clear night.")
    await ada.fill("Tags", "astronomy garden")
    await end_session(ada)
    await sign_in(ada, ada.email)
    await ada.sees("Your words from before are here again.")
    await expect(ada.page.get_by_label("Title")).to_have_value("First light")
    await expect(ada.page.get_by_label("Text")).to_have_value("It was a clear night.")
    preview = ada.page.get_by_label("Tags as they will be").get_by_role("listitem")
    await expect(preview).to_have_text(["astronomy", "garden"])

    await ada.go("/tags")
    await ada.go("/write")
    await ada.page.reload()
    await expect(ada.page.get_by_label("Text")).to_have_value("It was a clear night.")
    await ada.press("Publish")
    await expect(ada.page.locator("article .text")).to_have_text("It was a clear night.")
    await ada.go("/write")
    await expect(ada.page.get_by_label("Text")).to_have_value("")
    assert await ada.page.evaluate(KEPT) == []


async def test_a_comment_being_written_is_kept_under_its_post(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    posts = [await ada.publish(title, "One.") for title in ("First light", "Second light")]
    await ada.go(f"/post/{posts[0]}")
    await ada.fill("Add a comment", "Well seen.")
    await ada.go(f"/post/{posts[1]}")
    await expect(ada.page.get_by_label("Add a comment")).to_have_value("")
    await ada.go(f"/post/{posts[0]}")
    await expect(ada.page.get_by_label("Add a comment")).to_have_value("Well seen.")
    await ada.press("Comment")
    await expect(ada.page.locator(".comment")).to_have_count(1)
    await expect(ada.page.get_by_label("Add a comment")).to_have_value("")
    assert await ada.page.evaluate(KEPT) == []


async def test_a_change_that_is_taken_up_again_does_not_undo_a_newer_one(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("412 (Precondition Failed)")
    await ada.sign_up()
    post = await ada.publish("First light", "One.")
    await ada.go(f"/post/{post}/edit")
    await ada.fill("Text", "Two.")
    await ada.go("/tags")
    other = await ada.page.context.new_page()
    await other.goto(f"{ada.url}/post/{post}/edit")
    await other.get_by_label("Text").fill("Three.")
    await other.get_by_role("button", name="Save").click()
    await expect(other.locator("article .text")).to_have_text("Three.")
    await ada.go(f"/post/{post}/edit")
    await expect(ada.page.get_by_label("Text")).to_have_value("Two.")
    await ada.press("Save")
    await ada.sees("Somebody changed it meanwhile")
    await ada.press("Load the newer version")
    await expect(ada.page.get_by_label("Text")).to_have_value("Three.")

    await ada.fill("Text", "Four.")
    await ada.page.reload()
    await expect(ada.page.get_by_label("Text")).to_have_value("Four.")
    await ada.press("Start over")
    await expect(ada.page.get_by_label("Text")).to_have_value("Three.")
    assert await ada.page.evaluate(KEPT) == []


async def test_nobody_else_sees_what_was_being_written(visit: Visit) -> None:
    ada, grace = await visit("Ada Lovelace"), await visit("Grace Hopper")
    await ada.sign_up()
    await grace.sign_up()
    await ada.go("/write")
    await ada.fill("Title", "A secret")
    await end_session(ada)
    assert len(await ada.page.evaluate(KEPT)) == 1
    await sign_in(ada, grace.email)  # on the same device
    await expect(ada.page.get_by_label("Title")).to_have_value("")
    assert await ada.page.evaluate(KEPT) == []

    # signing out deletes the input in all tabs
    await ada.fill("Title", "Another")
    other = await ada.page.context.new_page()
    await other.goto(f"{ada.url}/write")
    await other.get_by_label("Title").fill("A third")
    await ada.sign_out()
    await expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()
    for tab in (ada.page, other):
        await tab.wait_for_function(f"{KEPT}.length === 0")
