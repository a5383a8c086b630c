"""The page's appearance and accessibility: light and dark, on a phone and a desktop."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import expect

from tests.system.page.conftest import SIZES, Visit, Visitor

pytestmark = [pytest.mark.page, pytest.mark.usefixtures("world")]

BODY: Final = """Last night the clouds went away for an hour, and I carried the small telescope into the garden.

Saturn was low, and its rings were plain to see. I drew what I saw before I looked it up; the drawing is bad, and I \
would not give it away for any photograph. Its moons tonight: https://example.com/saturn?moons=titan"""


async def faults(visitor: Visitor) -> list[str]:
    """axe-core's violations of WCAG 2 A and AA, and of its best practices."""
    found: Mapping[str, Any] = (await Axe().run(visitor.page)).response
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_every_place_is_fit_to_be_shown(visit: Visit, size: str, scheme: Literal["light", "dark"]) -> None:
    ada = await visit("Ada Lovelace", size, color_scheme=scheme)
    found: dict[str, list[str]] = {}

    async def look(name: str, place: str, until: str) -> None:
        if place:
            await ada.go(place)
        await expect(ada.page.locator(until).first).to_be_visible()
        await expect(ada.page.locator(".skeleton, [aria-live=polite] p")).to_have_count(0)
        await ada.picture(f"{name}-{size}-{scheme}")
        width = await ada.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found[name] = [*await faults(ada), *(["wider than the window"] if width > 0 else [])]

    await look("visitor", "/", ".post")
    await look("sign-in", "/sign-in", "main form")
    await look("mailed", "verify-email=3q2-7wAh5jVtYk0c", "main form")
    await ada.sign_up()
    post = await ada.publish("Saturn, from the garden", BODY, "astronomy garden")
    await ada.fill("Add a comment", "Next time I shall look for Titan.")
    await ada.press("Comment")
    await expect(ada.page.locator(".comment")).to_be_visible()
    await look("post", "", ".comment")
    await ada.page.locator("article").get_by_role("button", name="Delete").click()
    await look("question", "", "dialog")
    await ada.press("Cancel")
    await look("home", "/", ".post")
    await ada.page.get_by_label("Your menu").click()
    await look("menu", "", ".menu .card")
    await look("write", f"/posts/{post}/edit", "main form")
    await ada.fill("Title", "Saturn, from the roof")
    await ada.page.reload()
    await look("kept", "", "form > .notice")
    await ada.press("Start over")
    await look("tags", "/tags", ".cloud")
    await look("search", "/search?q=coffee", ".posts, .empty")
    await look("empty", "/following", ".empty")
    await look("settings", "/settings/profile", "main form")
    await look("account", "/settings/account", "main form")
    await look("devices", "/settings/devices", ".person")
    await look("keys", "/settings/keys", "main form")
    await ada.go("/top")
    await ada.page.locator(".post .name").first.click()
    await look("person", "", ".profile")
    assert {name: faults for name, faults in found.items() if faults} == {}


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
