"""API keys on the page: created, shown once, used by a program, revoked."""

import httpx
import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page


async def exchange(url: str, key: str) -> httpx.Response:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": key,
        "subject_token_type": "urn:trivium:token-type:api-key",
    }
    async with httpx.AsyncClient(base_url=url) as program:
        return await program.post("/auth/token", data=form)


async def test_somebody_creates_a_key_copies_it_once_and_revokes_it(visit: Visit, url: str) -> None:
    ada = await visit("Ada Lovelace", permissions=["clipboard-read", "clipboard-write"])
    await ada.sign_up()
    await ada.go("/settings/keys")
    await ada.sees("No API keys")
    await ada.fill("Name", "nightly import")
    await ada.page.get_by_label("users:read", exact=True).check()
    await ada.page.get_by_label("users:write", exact=True).press("Space")
    await ada.press("Create key")
    await ada.is_told("The key is created.")
    shown = ada.page.get_by_label("Key", exact=True)
    await ada.press("Copy")
    await ada.is_told("The key is copied.")
    key = await ada.page.evaluate("navigator.clipboard.readText()")
    assert key == await shown.input_value()
    reply = await exchange(url, key)
    assert (reply.status_code, reply.json()["scope"]) == (200, "users:read users:write")

    await ada.page.reload()
    await expect(ada.page.get_by_label("API keys").get_by_role("listitem")).to_contain_text("nightly import")
    assert key not in await ada.page.content(), "it is never shown again"

    ada.expected.add("409 (Conflict)")
    await ada.fill("Name", "nightly import")
    await ada.page.get_by_label("users:read", exact=True).check()
    await ada.press("Create key")
    await ada.sees("You have a key of this name.")

    await ada.press("Revoke nightly import")
    await ada.page.get_by_role("dialog").get_by_role("button", name="Revoke").press("Enter")
    await ada.is_told("The key is revoked.")
    await ada.sees("No API keys")
    assert (await exchange(url, key)).json()["code"] == "invalid-subject-token"


async def test_a_key_needs_something_that_it_may_do(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.go("/settings/keys")
    ada.expected.add("422 (Unprocessable")
    await ada.fill("Name", "nothing")
    await ada.press("Create key")
    await ada.sees("Choose at least one thing that the key may do.")
