"""S-68: people add pictures by the page: an avatar, and pictures in posts. None of another site is ever loaded."""

import re
from typing import Final

import pytest
from httpx import AsyncClient
from playwright.async_api import FilePayload, expect

from tests.pictures import picture, with_position
from tests.system.conftest import Meet
from tests.system.page.conftest import Visit, Visitor, faults

pytestmark = pytest.mark.page

WIDTH: Final = "(image) => image.decode().then(() => image.naturalWidth)"
FIELD: Final = "main input[type=file]"


def file(content: bytes, kind: str = "image/jpeg") -> FilePayload:
    return {"name": "saturn", "mimeType": kind, "buffer": content}


async def test_an_avatar_is_uploaded_and_removed(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.go("/settings/profile")
    ada.expected.add("422 (Unprocessable")
    await ada.page.locator(FIELD).set_input_files(file(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png"))
    await ada.sees("The file is no JPEG, PNG or WebP, or it is damaged.")
    await ada.fill("About you", "Poetical science.")
    await ada.page.locator(FIELD).set_input_files(file(with_position()))
    await ada.is_told("Your picture is saved.")
    avatar = ada.page.locator("main img.avatar")
    await expect(avatar).to_have_attribute("src", re.compile(r"^/users/pictures/[0-9a-f]{32}\.webp$"))
    assert await avatar.evaluate(WIDTH) == 256
    await expect(ada.page.get_by_label("About you")).to_have_value("Poetical science.")
    assert await faults(ada) == []
    await ada.picture("avatar")
    await ada.press("Save")
    await ada.is_told("Your profile is saved.")
    await expect(avatar).to_be_visible()
    await ada.press("Remove picture")
    await ada.is_told("Your picture is removed.")
    await expect(avatar).to_have_count(0)


async def test_a_picture_is_added_to_a_post_with_its_description(visit: Visit) -> None:
    ada, grace = await visit("Ada Lovelace"), await visit("Grace Hopper", "phone")
    await ada.sign_up()
    await ada.go("/write")
    await ada.fill("Title", "Saturn")
    await ada.fill("Text", "Seen last night.")
    await ada.page.locator(FIELD).set_input_files(file(picture("PNG", (2000, 1000)), "image/png"))
    dialog = ada.page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    assert await faults(ada) == []
    await ada.press("Add")
    await expect(dialog, "it has no description yet").to_be_visible()
    await dialog.get_by_label("Description").fill("The [rings] from the side")
    await ada.page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    text = ada.page.get_by_label("Text", exact=True)
    await expect(text).to_be_focused()
    await expect(text).to_have_value(re.compile(r"!\[The rings from the side\]\(/posts/pictures/[0-9a-f]{32}\.webp\)"))
    await ada.press("Publish")
    await expect(ada.page.get_by_role("heading", name="Saturn", level=1)).to_be_visible()
    post = ada.page.url.rpartition("/")[2]
    await grace.go(f"/post/{post}")
    shown = grace.page.get_by_alt_text("The rings from the side")
    assert await shown.evaluate(WIDTH) == 1600
    assert await faults(grace) == []
    await grace.picture("picture-in-post")


async def test_no_picture_of_another_site_is_loaded(visit: Visit, meet: Meet, gateway: AsyncClient) -> None:
    grace = await meet("Grace Hopper")
    avatar = {"avatar_url": "https://example.com/grace.png"}
    assert (await gateway.patch("/users/me", json=avatar, headers=grace.headers)).status_code == 200
    body = "![a drawing](https://example.com/x.png)\n\n![theirs](//example.com/posts/pictures/" + "0" * 32 + ".webp)"
    post = (
        await gateway.post(
            "/posts", json={"title": "Far away", "body": body, "status": "published"}, headers=grace.headers
        )
    ).json()
    ada = await visit("Ada Lovelace")
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    await ada.go(f"/post/{post['id']}")
    await expect(ada.page.get_by_role("link", name="a drawing")).to_be_visible()
    await ada.go(f"/people/{grace.id}")
    await expect(ada.page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    await expect(ada.page.locator("img")).to_have_count(0)
    assert [url for url in asked if not url.startswith(f"{ada.url}/")] == []
    assert await loads(ada, "https://example.com/x.png") == "refused"


async def loads(visitor: Visitor, url: str) -> str:
    """What becomes of an image that a script adds."""
    visitor.expected.add("policy: img-src")
    visitor.expected.add("Content Security Policy")
    outcome: str = await visitor.page.evaluate(
        """(src) => new Promise((tell) => {
            const image = new Image();
            image.onload = () => tell("shown");
            image.onerror = () => tell("refused");
            image.src = src;
        })""",
        url,
    )
    return outcome
