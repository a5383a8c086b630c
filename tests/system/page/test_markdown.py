# file: only with posts
"""Markdown in posts and comments: a safe subset, as elements."""

from typing import Final

import pytest
from httpx import AsyncClient
from playwright.async_api import expect

from tests.system.conftest import Meet
from tests.system.page.conftest import WIDTH_HIDDEN, Visit, faults

pytestmark = pytest.mark.page

BODY: Final = """# Saturn
Seen with **two** friends, *late*, by `f/8`. ~~Clouds.~~

- rings
- moons

> So low
> in the sky.

```
<b>focus</b>
```

3. [my notes](https://example.com/a_b_c), ![a drawing](https://example.com/x.png) and <ada@example.com>
"""
HOSTILE: Final = """**Nothing** of this is more than text: <img src=x onerror=alert(1)> &lt;b&gt;
[a](javascript:alert(1)) [b](data:text/html,x) [c](/relative) [d](//example.com) [e](https://bank.example@evil.example)
"""
ALLOWED: Final = {"P", "H2", "H3", "STRONG", "EM", "S", "CODE", "PRE", "UL", "OL", "LI", "BLOCKQUOTE", "BR", "HR", "A"}
NAMES: Final = "(element) => [...element.querySelectorAll('*')].map((one) => one.tagName)"
LINKS: Final = (
    "(element) => [...element.querySelectorAll('a')].map((a) => [a.textContent, a.href, a.title, a.rel, a.target])"
)
AWAY: Final = ["nofollow noopener noreferrer ugc", "_blank"]
LONG: Final = {
    "quotes": ">" * 50_000,
    "emphasis": "***a " * 10_000,
    "brackets": "[" * 50_000,
    "lists": "1. " * 16_000,
    "words": "*a* " * 12_500,
}


async def test_markdown_is_previewed_and_shown(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.go("/write")
    await ada.fill("Title", "Saturn")
    await ada.fill("Text", BODY)
    await ada.press("Preview")
    preview = ada.page.get_by_role("region", name="Preview")
    await expect(preview.locator("strong")).to_have_text("two")
    await ada.fill("Text", f"{BODY}\n**More.**")
    await expect(preview.locator("strong")).to_have_text(["two", "More."])
    assert await faults(ada) == []
    await ada.picture("preview")
    await ada.press("Publish")

    text = ada.page.locator("article .text")
    await expect(text.get_by_role("heading", name="Saturn", level=2)).to_be_visible()
    for name, said in (("em", "late"), ("s", "Clouds."), ("p > code", "f/8"), ("pre", "<b>focus</b>\n")):
        await expect(text.locator(name)).to_have_text(said, use_inner_text=False)
    await expect(text.locator("ul > li")).to_have_text(["rings", "moons"])
    await expect(text.locator("ol[start='3'] > li")).to_have_count(1)
    assert await text.locator("blockquote").inner_text() == "So low\nin the sky."
    assert await text.evaluate(LINKS) == [
        ["my notes", "https://example.com/a_b_c", "https://example.com/a_b_c", *AWAY],
        ["a drawing", "https://example.com/x.png", "https://example.com/x.png", *AWAY],
        ["ada@example.com", "mailto:ada@example.com", "mailto:ada@example.com", *AWAY],
    ]
    assert await faults(ada) == []
    await ada.picture("markdown")

    await ada.fill("Add a comment", "# Well\n**seen**")
    await ada.press("Comment")
    comment = ada.page.locator(".comment .text")
    await expect(comment.get_by_role("heading", name="Well", level=3)).to_be_visible()
    await expect(comment.locator("strong")).to_have_text("seen")
    await ada.go("/drafts")
    await ada.go("/")
    excerpt = ada.page.locator(".post .excerpt").first
    await expect(excerpt).to_contain_text("Seen with two friends, late, by f/8. Clouds.")
    await expect(excerpt).to_contain_text("my notes, a drawing and")


async def test_no_markup_of_others_is_more_than_text(visit: Visit) -> None:
    """S-39."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.publish("Hostile", HOSTILE)
    text = ada.page.locator("article .text")
    await expect(text.locator("strong")).to_have_text("Nothing")
    assert await text.inner_text() == HOSTILE.replace("**", "").strip()
    assert set(await text.evaluate(NAMES)) <= ALLOWED
    assert await text.evaluate(LINKS) == []


async def test_a_link_whose_words_have_another_address_shows_its_own_host(visit: Visit) -> None:
    """S-39."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    shown = {
        "[https://bank.example/login](https://evil.example/a)": "https://bank.example/login (evil.example)",
        "[my **bank**.example](https://evil.example)": "my bank.example (evil.example)",
        "[bank\u200b\uff0eexample](https://evil.example)": "bank\u200b\uff0eexample (evil.example)",
        "[ada@bank.example](mailto:eve@evil.example)": "ada@bank.example (eve@evil.example)",
        "![bank.example](https://evil.example/x.png)": "bank.example (evil.example)",
        "[example.com/a.html, v1.2](https://www.example.com:8000/)": "example.com/a.html, v1.2",
        "<https://münchen.example/a_b.c>": "https://münchen.example/a_b.c",
        "[my bank](https://bank.example)": "my bank",
    }
    await ada.publish("Links", "\n\n".join(shown))
    text = ada.page.locator("article .text")
    await expect(text.locator("a")).to_have_count(len(shown))
    assert await text.locator("p").all_text_contents() == list(shown.values())


async def test_a_plain_text_loads_no_parser_and_the_longest_ones_leave_the_page_usable(
    visit: Visit, meet: Meet, gateway: AsyncClient
) -> None:
    grace, ada = await meet("Grace Hopper"), await visit("Ada Lovelace")
    posts = {}
    for name, body in {"plain": "2 * 3 * 4, snake_case - and (so) on!", **LONG}.items():
        answer = await gateway.post("/posts", json={"title": name, "body": body}, headers=grace.headers)
        assert answer.status_code == 201, answer.text
        posts[name] = answer.json()["id"]
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    await ada.go(f"/post/{posts['plain']}")
    await expect(ada.page.locator("article .text")).to_have_text("2 * 3 * 4, snake_case - and (so) on!")
    assert [url for url in asked if "markdown" in url] == []
    for name in LONG:
        await ada.go(f"/post/{posts[name]}")
        await expect(ada.page.get_by_role("heading", name=name, level=1)).to_be_visible()
        await expect(ada.page.locator("article .text")).not_to_be_empty()
        assert set(await ada.page.locator("article .text").evaluate(NAMES)) <= ALLOWED
    assert len([url for url in asked if "/page/markdown-" in url]) == 1
    word = await gateway.post("/posts", json={"title": "w" * 100, "body": "w" * 1000}, headers=grace.headers)
    assert word.status_code == 201, word.text
    for place in ("/", f"/post/{word.json()['id']}"):
        await ada.go(place)
        await expect(ada.page.get_by_role("heading", name="w" * 100).first).to_be_visible()
        assert await ada.page.evaluate(WIDTH_HIDDEN) == 0, place
