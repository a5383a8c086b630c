# file: only with posts
"""The page's addresses: those of today, those of earlier versions, and those that do not exist."""

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page


async def test_addresses_in_the_fragment_lead_on(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    post = await ada.publish("First light", "One.")
    assert ada.page.url == f"{ada.url}/post/{post}"
    for earlier, now in {
        f"/#/posts/{post}/edit": f"/post/{post}/edit",
        f"/#/posts/{post}": f"/post/{post}",
        "/#/settings/devices": "/settings/devices",
        "/#/search?q=moon%20light&in=people": "/search?q=moon%20light&in=people",
        "/#//example.com/tags": "/example.com/tags",
        "/#/": "/",
    }.items():
        await ada.page.goto(ada.url + earlier)
        await ada.page.wait_for_url(ada.url + now)
        await expect(ada.page.locator("main h1")).not_to_be_empty()


async def test_links_are_followed_without_loading_the_page_again(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.go()
    await ada.page.evaluate("window.kept = true")
    await ada.page.get_by_role("link", name="Tags", exact=True).click()
    await ada.page.wait_for_url(f"{ada.url}/tags")
    await ada.page.get_by_role("link", name="Sign up").click()
    await expect(ada.page.get_by_role("heading", name="Create your account")).to_be_visible()
    assert await ada.page.title() == "Create your account · Trivium"
    await ada.page.go_back()
    await expect(ada.page.get_by_role("heading", name="Tags", level=1)).to_be_visible()
    await ada.page.go_back()
    await ada.page.wait_for_url(f"{ada.url}/")
    await ada.page.go_forward()
    await ada.page.wait_for_url(f"{ada.url}/tags")
    assert await ada.page.evaluate("window.kept")
    async with ada.page.context.expect_page() as opened:
        await ada.page.get_by_role("link", name="Sign up").click(modifiers=["ControlOrMeta"])
    assert (await opened.value).url == f"{ada.url}/sign-up"
    assert ada.page.url == f"{ada.url}/tags"


async def test_people_are_told_that_an_address_does_not_exist(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("404 (Not Found)")
    answer = await ada.page.goto(f"{ada.url}/nothing")
    assert answer
    assert answer.status == 404
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Not here")
    await ada.page.get_by_role("link", name="Go to the start page").click()
    await ada.page.wait_for_url(f"{ada.url}/")


@pytest.mark.parametrize("next_place", ["//example.com/", "/\\example.com/", "https://example.com/"])
async def test_signing_in_leads_to_no_other_site(visit: Visit, next_place: str) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.sign_out()
    await ada.page.goto(f"{ada.url}/sign-in?next={next_place}")
    await ada.enter_password()
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()
    assert ada.page.url == f"{ada.url}/"
