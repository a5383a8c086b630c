"""Two people find, follow and block each other."""

import secrets

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit, faults

pytestmark = pytest.mark.page


async def test_somebody_searches_for_a_person_follows_them_and_is_blocked(visit: Visit) -> None:
    word = secrets.token_hex(4)
    ada, grace = await visit(f"Ada {word}"), await visit("Grace Hopper", "phone")
    await ada.sign_up()
    await grace.sign_up()

    await grace.go("/search?in=people")
    await grace.sees("Whom are you looking for?")
    await grace.fill("Search people", word)
    await grace.page.keyboard.press("Enter")
    await grace.page.get_by_role("list", name="People found").get_by_role("link", name=ada.name).click()
    await grace.press("Follow")
    await grace.is_told(f"You follow {ada.name}.")
    await expect(grace.page.get_by_role("link", name="1 follower")).to_be_visible()
    assert await faults(grace) == []
    await grace.go("/search?in=people")
    followed = grace.page.get_by_role("list", name="People you follow").get_by_role("listitem")
    await expect(followed).to_contain_text([ada.name])

    await ada.page.get_by_label("Your menu").click()
    await ada.page.locator(".menu").get_by_role("link", name="Profile").click()
    await ada.page.get_by_role("link", name="1 follower").click()
    await ada.page.get_by_role("list", name="followers").get_by_role("link", name=grace.name).click()
    await ada.press("Block")
    await ada.page.get_by_role("dialog").get_by_role("button", name="Block").click()
    await ada.is_told("Grace Hopper is blocked.")
    await ada.go("/settings/blocked")
    await ada.press("Unblock Grace Hopper")
    await ada.sees("Nobody is blocked")
    await grace.page.reload()
    await grace.sees("Whom are you looking for?")


async def test_the_start_page_invites_visitors(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.go("/")
    assert await faults(ada) == []
    await ada.page.get_by_role("link", name="Create an account").click()
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Create your account")
