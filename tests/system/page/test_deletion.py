# file: only with posts
"""A person deletes their account; others still see their comments, without an author."""

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page


async def test_an_account_is_deleted_with_its_password_and_what_it_said_stays_without_a_name(visit: Visit) -> None:
    ada, grace = await visit("Ada Lovelace"), await visit("Grace Hopper", "phone")
    await ada.sign_up()
    await grace.sign_up()
    post = await grace.publish("Nanoseconds", "Eleven point eight inches of wire.")
    await ada.publish("Last words", "I shall be gone.")
    await ada.go(f"/post/{post}")
    await ada.fill("Add a comment", "Well seen.")
    await ada.press("Comment")
    await ada.is_told("Your comment is published.")

    await ada.go("/settings/account")
    await ada.press("Delete my account")
    await ada.sees("This cannot be undone.")
    await ada.press("Cancel")
    await expect(ada.page.get_by_label("Your password")).to_have_count(0)
    await ada.press("Delete my account")
    ada.expected.add("403 (Forbidden)")
    await ada.fill("Your password", "not the password")
    await ada.press("Delete for good")
    await ada.sees("The current password is wrong.")
    await expect(ada.page.get_by_label("Your password")).to_be_focused()
    await ada.fill("Your password", ada.password)
    await ada.press("Delete for good")
    await ada.is_told("Your account is deleted.")
    await expect(ada.page.get_by_role("link", name="Sign up")).to_be_visible()
    assert await ada.page.evaluate("localStorage.getItem('trivium.session')") is None
    ada.expected |= {"400 (Bad Request)", "401 (Unauthorized)"}  # a renewal of the ended session, and signing in
    await ada.go("/sign-in")
    await ada.enter_password()
    await ada.sees("Email or password is not right.")

    async def is_forgotten() -> bool:
        await grace.page.reload()
        await grace.sees("Well seen.")
        return await grace.page.locator(".comment").get_by_text("Deleted account").count() == 1

    await grace.go(f"/post/{post}")
    for _ in range(20):
        if await is_forgotten():
            break
        await grace.page.wait_for_timeout(250)
    await expect(grace.page.locator(".comment")).to_contain_text("Deleted account")
    await expect(grace.page.locator(".comment").get_by_role("link", name="Ada Lovelace")).to_have_count(0)
    await expect(grace.page.get_by_text("Last words")).to_have_count(0)
