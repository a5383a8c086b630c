"""The second factor on the page: turning it on, signing in with it, confirming again, trust, and turning it off."""

import time

import pyotp
import pytest
from playwright.async_api import Route, expect

from tests.system.page.conftest import Visit, Visitor, faults

pytestmark = pytest.mark.page

NEXT = 30
"""Seconds to the next code: the server's tolerance is one step, and each step's code works once."""


async def turn_on(ada: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """The authenticator, and the recovery codes."""
    await ada.go("/settings/account")
    await ada.press("Turn on")
    await expect(ada.page.get_by_role("img", name="QR code of the key below")).to_be_visible()
    assert await faults(ada) == []
    app = pyotp.TOTP((await ada.page.locator("code.key").inner_text()).replace(" ", ""))
    await ada.fill("Code", app.now())
    await ada.press("Turn on")
    await ada.is_told("The second factor is on, and other devices are signed out.")
    codes = await shown(ada)
    assert await faults(ada) == []
    await ada.press("I have kept them")
    await ada.sees("recovery codes left")
    return app, codes


async def shown(ada: Visitor) -> list[str]:
    """The recovery codes on the page."""
    codes = ada.page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    await expect(codes).to_have_count(10)
    return await codes.all_inner_texts()


async def enter_password(ada: Visitor) -> None:
    await ada.go("/sign-in")
    await ada.fill("Email", ada.email)
    await ada.fill("Password", ada.password)
    await ada.page.keyboard.press("Enter")


async def begin(ada: Visitor) -> None:
    await enter_password(ada)
    await expect(ada.page.get_by_role("heading", name="One more step")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_a_person_turns_it_on_signs_in_with_it_and_turns_it_off(visit: Visit, size: str) -> None:
    ada = await visit("Ada Lovelace", size)
    ada.expected |= {"401 (Unauthorized)", "403 (Forbidden)"}
    await ada.sign_up()
    app, codes = await turn_on(ada)
    assert len(codes) == 10

    # by keyboard alone: the field for the code has the focus
    await ada.sign_out()
    await begin(ada)
    assert await faults(ada) == []
    await expect(ada.page.get_by_label("Code", exact=True)).to_be_focused()
    await ada.page.keyboard.type("000000")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    await ada.page.get_by_label("Code", exact=True).fill(app.at(int(time.time()) + NEXT))
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()

    # with a recovery code
    await ada.sign_out()
    await begin(ada)
    await ada.press("Use a recovery code")
    await ada.fill("Recovery code", codes[0])
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()

    # the server wants a recent proof
    async def ask(route: Route) -> None:
        challenge = {"WWW-Authenticate": 'Bearer error="insufficient_user_authentication", max_age="600"'}
        await route.fulfill(status=401, headers=challenge, json={"code": "insufficient-user-authentication"})

    await ada.go("/settings/account")
    await ada.sees("9 recovery codes left")
    await ada.page.route("**/auth/second-factor/recovery-codes", ask, times=1)
    await ada.press("New recovery codes")
    await expect(ada.page.get_by_role("dialog", name="Is it you?")).to_be_visible()
    assert await faults(ada) == []
    await ada.press("Use a recovery code")
    await ada.page.get_by_role("dialog").get_by_label("Recovery code").fill(codes[1])
    await ada.press("Confirm")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    codes = await shown(ada)
    await ada.press("I have kept them")
    await ada.sees("10 recovery codes left")

    await ada.press("Turn off")
    await ada.fill("Your password", ada.password)
    await ada.press("Use a recovery code")
    await ada.fill("Recovery code", codes[2].lower())
    await ada.press("Turn off now")
    await ada.is_told("The second factor is off.")
    await ada.sign_out()
    await ada.sign_in()


async def test_a_trusted_device_signs_in_with_the_password_alone_until_it_is_removed(visit: Visit) -> None:
    ada, phone = await visit("Ada Lovelace"), await visit("Ada Lovelace", "phone")
    await ada.sign_up()
    phone.email = ada.email
    _, codes = await turn_on(ada)
    await ada.sign_out()
    await begin(ada)
    await ada.press("Use a recovery code")
    await ada.fill("Recovery code", codes[0])
    await ada.page.get_by_label("Trust this device").check()
    assert await faults(ada) == []
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()
    await ada.sign_out()

    await enter_password(ada)
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()
    await begin(phone)  # which nobody has trusted

    await ada.go("/settings/account")
    devices = ada.page.get_by_role("list", name="Trusted devices").get_by_role("listitem")
    await expect(devices).to_have_count(1)
    assert await faults(ada) == []
    await devices.get_by_role("button").click()
    await ada.is_told("The device is no longer trusted.")
    await expect(devices).to_have_count(0)
    await ada.sign_out()
    await begin(ada)


async def test_an_account_without_a_password_confirms_by_signing_in_again(visit: Visit) -> None:
    """As after a sign-up by a provider."""
    ada = await visit("Ada Lovelace")
    ada.expected.add("401 (Unauthorized)")
    await ada.sign_up()

    async def has_none(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "has_password": False})

    async def ask(route: Route) -> None:
        await route.fulfill(status=401, json={"code": "insufficient-user-authentication", "detail": "Confirm first."})

    await ada.page.route("**/auth/me", has_none)
    await ada.page.route("**/auth/second-factor/totp", ask, times=1)
    await ada.page.reload()
    await ada.go("/settings/account")
    await ada.sees("You have none.")
    await ada.press("Turn on")
    await ada.sees("Sign in again to do this.")
    assert await faults(ada) == []
    await ada.press("Sign in again")
    await ada.enter_password()
    await ada.press("Turn on")
    await expect(ada.page.get_by_role("img", name="QR code of the key below")).to_be_visible()


async def test_a_confirmation_that_is_not_given_changes_nothing(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected.add("401 (Unauthorized)")
    await ada.sign_up()

    async def ask(route: Route) -> None:
        await route.fulfill(status=401, json={"code": "insufficient-user-authentication", "detail": "Confirm first."})

    await ada.page.route("**/auth/second-factor/totp", ask)
    await ada.go("/settings/account")
    await ada.press("Turn on")
    await expect(ada.page.get_by_role("dialog", name="Is it you?").get_by_label("Your password")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    await ada.sees("Confirm first.")
