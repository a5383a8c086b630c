# file: only with posts
"""The page's appearance and accessibility: light and dark, on a phone and a desktop."""

from typing import Final, Literal

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import SIZES, Looks, Visit

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("world")]

BODY: Final = """Last night the clouds went away for an hour, and I carried the small telescope into the garden.

Saturn was low, and its rings were plain to see. I drew what I saw before I looked it up; the drawing is bad, and I \
would not give it away for any photograph. Its moons tonight: https://example.com/saturn?moons=titan"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_every_place_is_fit_to_be_shown(visit: Visit, size: str, scheme: Literal["light", "dark"]) -> None:
    ada = await visit("Ada Lovelace", size, color_scheme=scheme)
    looks = Looks(size, scheme)
    await looks.look(ada, "visitor", "/", ".post")
    await looks.look(ada, "sign-in", "/sign-in", "main form")
    await looks.look(ada, "sign-up", "/sign-up", "main form")
    await looks.look(ada, "forgot", "/forgot", "main form")
    await looks.look(ada, "mailed", "/#verify-email=3q2-7wAh5jVtYk0c", "main form")
    await ada.sign_up()
    post = await ada.publish("Saturn, from the garden", BODY, "astronomy garden")
    await ada.fill("Add a comment", "Next time I shall look for Titan.")
    await ada.press("Comment")
    await expect(ada.page.locator(".comment")).to_be_visible()
    await looks.look(ada, "post", "", ".comment")
    await ada.page.locator("article").get_by_role("button", name="Delete").click()
    await looks.look(ada, "question", "", "dialog")
    await ada.press("Cancel")
    await looks.look(ada, "home", "/", ".post")
    await ada.page.get_by_label("Your menu").click()
    await looks.look(ada, "menu", "", ".menu .card")
    await looks.look(ada, "write", f"/post/{post}/edit", "main form")
    await ada.fill("Title", "Saturn, from the roof")
    await ada.page.reload()
    await looks.look(ada, "kept", "", "form > .notice")
    await ada.press("Start over")
    await looks.look(ada, "drafts", "/drafts", ".empty")
    await looks.look(ada, "top", "/top", ".post")
    await looks.look(ada, "tags", "/tags", ".cloud")
    await looks.look(ada, "tag", "/tags/astronomy", ".post")
    await looks.look(ada, "search", "/search?q=coffee", ".posts, .empty")
    await looks.look(ada, "empty", "/following", ".empty")
    await looks.look(ada, "settings", "/settings/profile", "main form")
    await looks.look(ada, "account", "/settings/account", "main form")
    await looks.look(ada, "passkeys", "/settings/passkeys", "main form, .empty, main button")
    await looks.look(ada, "devices", "/settings/devices", ".person")
    await looks.look(ada, "blocked", "/settings/blocked", ".empty")
    await looks.look(ada, "data", "/settings/data", "main button")
    await looks.look(ada, "keys", "/settings/keys", "main form")
    await ada.go("/top")
    await ada.page.locator(".post .name").first.click()
    await looks.look(ada, "person", "", ".profile")
    await ada.page.get_by_role("link", name="followers").click()
    await looks.look(ada, "followers", "", "li.person, .empty")
    assert looks.faulty == {}


async def test_the_chosen_colours_stay(visit: Visit) -> None:
    ada = await visit("Ada Lovelace", color_scheme="light")
    await ada.go()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = await ada.page.evaluate(paper)
    for name in ("as the system", "light"):
        await ada.page.get_by_role("button", name=f"Colours: {name}").click()
    assert await ada.page.evaluate(paper) != light
    await ada.page.reload()
    await expect(ada.page.get_by_role("button", name="Colours: dark")).to_be_visible()
    assert await ada.page.evaluate(paper) != light
