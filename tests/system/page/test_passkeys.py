"""A person comes back with a passkey. The authenticator is Chromium's virtual one."""

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit, Visitor

pytestmark = pytest.mark.page

DEVICE = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
NO_SUGGESTIONS = "PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)"


async def with_device(visitor: Visitor) -> None:
    """Browsers know passkeys for names only, so the page is opened at `localhost`."""
    visitor.url = visitor.url.replace("127.0.0.1", "localhost")
    session = await visitor.page.context.new_cdp_session(visitor.page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


async def test_a_person_signs_up_adds_a_passkey_comes_back_with_it_and_removes_it(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await with_device(ada)
    await ada.sign_up()
    await ada.go("/settings/passkeys")
    await ada.sees("No passkeys yet")
    await ada.fill("Name", "Ada's laptop")
    await ada.press("Add a passkey")
    await ada.is_told("Your passkey is added. Next time you can sign in with it.")
    passkeys = ada.page.get_by_role("list", name="Passkeys").get_by_role("listitem")
    await expect(passkeys).to_have_count(1)
    await expect(passkeys).to_contain_text("not used yet")
    await ada.press("Add a passkey")
    await expect(ada.page.get_by_role("alert")).to_have_text("This device has a passkey for your account already.")
    await ada.press("Rename Ada's laptop")
    await ada.fill("New name", "My laptop")
    await ada.press("Save")
    await expect(passkeys).to_contain_text("My laptop")
    await ada.picture("passkeys")

    # the device offers it among the suggestions for the address, and this one takes it at once
    await ada.sign_out()
    await ada.page.goto(f"{ada.url}/sign-in")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()

    # by the button, with the keyboard, in a browser without such suggestions
    await ada.sign_out()
    await ada.page.add_init_script(NO_SUGGESTIONS)
    await ada.page.reload()
    await ada.go("/sign-in")
    await expect(ada.page.get_by_label("Email")).to_have_attribute("autocomplete", "username webauthn")
    await ada.picture("sign-in-passkey")
    await ada.page.get_by_role("button", name="Sign in with a passkey").focus()
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()

    await ada.go("/settings/passkeys")
    await expect(passkeys).to_contain_text("used just now")
    await ada.press("Remove My laptop")
    await ada.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await ada.is_told("The passkey My laptop is removed. Delete it on the device as well.")
    await expect(passkeys).to_have_count(0)
    ada.expected.add("401 (Unauthorized)")
    await ada.sign_out()
    await ada.go("/sign-in")
    await ada.press("Sign in with a passkey")
    await expect(ada.page.get_by_role("alert")).to_contain_text("This passkey does not sign in here.")


async def test_at_an_ip_address_the_page_says_where_passkeys_are(visit: Visit) -> None:
    ada = await visit("Ada Lovelace", "phone")
    if "127.0.0.1" not in ada.url:
        pytest.fail("this test needs a stack on this machine")
    await ada.sign_up()
    await ada.go("/settings/passkeys")
    await expect(ada.page.get_by_role("link", name="http://localhost:")).to_be_visible()
    await expect(ada.page.get_by_role("button", name="Add a passkey")).to_have_count(0)
    await ada.sign_out()
    await ada.go("/sign-in")
    await expect(ada.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await expect(ada.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
