# file: only with posts
"""The page's lists go on where they ended, whatever was added or removed meanwhile."""

import pytest
from httpx import AsyncClient
from playwright.async_api import Route, expect

from tests.system.conftest import Meet
from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page


@pytest.mark.usefixtures("world")
async def test_lists_go_on_where_they_ended(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.go()
    titles = ada.page.get_by_role("list", name="Latest posts").locator("h2 a")
    await expect(titles).to_have_count(20)
    await ada.press("Show more")
    await expect(titles).to_have_count(40)
    places = [await title.get_attribute("href") for title in await titles.all()]
    assert len(set(places)) == 40


async def test_a_list_goes_on_when_its_first_page_is_emptied(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()

    async def one_a_page(route: Route) -> None:
        name, cursor = ("Linus", None) if "cursor" in route.request.url else ("Grace", "next")
        person = {"id": len(name), "name": name, "bio": "", "avatar_url": None, "since": None}
        await route.fulfill(json={"items": [person], "next_cursor": cursor})

    async def unblock(route: Route) -> None:
        await route.fulfill(status=204)

    await ada.page.route("**/users/me/blocks*", one_a_page)
    await ada.page.route("**/users/*/block", unblock)
    await ada.go("/settings/blocked")
    await ada.press("Unblock Grace")
    await ada.press("Unblock Linus")
    await ada.sees("Nobody is blocked")


async def test_a_new_comment_stays_below_those_that_are_still_to_come(
    visit: Visit, meet: Meet, gateway: AsyncClient
) -> None:
    grace, ada = await meet("Grace Hopper"), await visit("Ada Lovelace")
    await ada.sign_up()
    post = await ada.publish("First light", "One.")
    said = [f"Number {number}" for number in range(1, 26)]
    for body in said:
        answer = await gateway.post(f"/posts/{post}/comments", json={"body": body}, headers=grace.headers)
        assert answer.status_code == 201, answer.text
    await ada.page.reload()
    comments = ada.page.locator(".comment .text")
    await expect(comments).to_have_text(said[:20])
    for body in ("Mine", "Mine too"):
        await ada.fill("Add a comment", body)
        await ada.press("Comment")
        await ada.sees(body)
    await expect(comments).to_have_text([*said[:20], "Mine", "Mine too"])
    await ada.press("Show more")
    await expect(comments).to_have_text([*said, "Mine", "Mine too"])
    await ada.page.locator(".comment").last.get_by_role("button", name="Delete").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(comments).to_have_text([*said, "Mine"])
