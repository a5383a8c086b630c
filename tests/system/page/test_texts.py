# file: only with posts
"""People's texts: limits of length, refusals, and links."""

import json
from typing import Final

import pytest
from playwright.async_api import Route, expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page

REL: Final = "nofollow noopener noreferrer ugc"
LINKED: Final = {
    "https://example.com": "https://example.com/",
    "http://example.com/a?b=c&d=e#f": "http://example.com/a?b=c&d=e#f",
    "HTTPS://Example.com/Path": "https://example.com/Path",
    "https://en.wikipedia.org/wiki/Moon_(disambiguation)": "https://en.wikipedia.org/wiki/Moon_(disambiguation)",
    "https://例え.jp/道": "https://xn--r8jz45g.jp/%E9%81%93",
}
TEXTS: Final = [
    "See https://example.com.",
    "(http://example.com/a?b=c&d=e#f), they say",
    "HTTPS://Example.com/Path!",
    "the moon (https://en.wikipedia.org/wiki/Moon_(disambiguation)).",
    "見て「https://例え.jp/道」。",
]
NO_LINKS: Final = [
    "javascript:alert(1) data:text/html,hi ftp://example.com //example.com www.example.com http:// https://.",
    "https://bank.example@evil.example xhttps://example.com https://exa<b>mple",
    '<a href="https://" onclick="alert(1)">https://%</a>',
]


async def test_typed_addresses_are_links_and_nothing_else_is(visit: Visit) -> None:
    """S-39."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    body = "\n".join([*TEXTS, *NO_LINKS])
    await ada.publish("Links", body)
    text = ada.page.locator("article .text")
    await expect(text).to_have_text(body)
    links = text.get_by_role("link")
    found = {await link.inner_text(): await link.get_attribute("href") for link in await links.all()}
    assert found == {**LINKED, "https://exa": "https://exa/"}
    assert {await link.get_attribute("rel") for link in await links.all()} == {REL}
    assert await text.locator("*:not(a)").count() == 0
    await ada.picture("links")

    await ada.fill("Add a comment", "Like https://example.com/?q=moon, isn't it?")
    await ada.press("Comment")
    link = ada.page.locator(".comment").get_by_role("link", name="https://example.com")
    await expect(link).to_have_attribute("href", "https://example.com/?q=moon")


async def test_lengths_are_counted_in_characters_as_the_server_does(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.go("/settings/profile")
    name = ada.page.locator("main").get_by_label("Name", exact=True)
    await name.fill("")
    await ada.page.keyboard.insert_text("🌒" * 80)
    await expect(name).to_have_value("🌒" * 80)
    await ada.press("Save")
    await ada.is_told("Your profile is saved.")
    await expect(name).to_have_value("🌒" * 80)

    await name.press("End")
    await ada.page.keyboard.insert_text("🌓" * 23)
    await ada.sees("This is 3 characters too long.")
    await ada.picture("too-long")
    await expect(name).to_have_attribute("aria-invalid", "true")
    assert await name.evaluate("input => input.form.checkValidity()") is False
    for _ in range(3):
        await ada.page.keyboard.press("Backspace")
    await expect(name).to_have_attribute("aria-invalid", "false")
    await ada.press("Save")
    await expect(name).to_have_value("🌒" * 80 + "🌓" * 20)


async def test_words_that_are_refused_are_refused_at_their_field(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("422 (Unprocessable")
    await ada.sign_up()
    await ada.publish("First light", "One.")

    async def refuse(route: Route) -> None:
        if route.request.method == "GET":  # the list of comments, which may still be under way
            await route.fallback()
            return
        assert json.loads(route.request.post_data or "") == {"body": " \n"}
        error = {"loc": ["body", "body"], "msg": "Value error, must not be blank", "type": "value_error"}
        await route.fulfill(status=422, json={"code": "invalid-request", "errors": [error]})

    await ada.page.route("**/posts/*/comments", refuse)
    await ada.fill("Add a comment", " \n")
    await ada.press("Comment")
    await ada.sees("Must not be blank.")
    comment = ada.page.get_by_label("Add a comment")
    await expect(comment).to_be_focused()
    await expect(comment).to_have_attribute("aria-invalid", "true")
    await ada.picture("blank-comment")
    await expect(ada.page.locator(".comment")).to_have_count(0)
