"""People whose account has no password: no field asks them for one."""

from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.system.page.conftest import Visit, Visitor, faults
from tests.system.page.test_mail_codes import codes_for, mail_folder
from tests.system.page.test_second_factor import turn_on
from tests.waiting import eventually

__all__ = ["mail_folder"]
pytestmark = pytest.mark.page


async def lose_password(ada: Visitor, folder: Path) -> None:
    """A code proves an address that was never proven, so whatever was set up before goes."""
    await ada.sign_up()
    await ada.sign_out()
    await ada.go("/sign-in/code")
    await ada.fill("Email", ada.email)
    await ada.press("Send the code")
    await eventually(lambda: codes_for(folder, ada.email))
    await ada.fill("Code", codes_for(folder, ada.email)[-1])
    await ada.press("Sign in")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_they_change_their_address_turn_the_factor_off_and_choose_a_password(
    visit: Visit, mail_folder: Path, size: str
) -> None:
    ada = await visit("Ada Lovelace", size)
    await lose_password(ada, mail_folder)
    await turn_on(ada)
    await ada.press("Turn off")
    await ada.sees("Signing in then needs no code any more.")
    assert await faults(ada) == []
    await ada.press("Turn off now")
    await ada.is_told("The second factor is off.")
    await expect(ada.page.get_by_label("Password", exact=True)).to_have_count(0)
    await ada.fill("New email", f"new-{ada.email}")
    await ada.press("Change email")
    await ada.is_told(f"We have sent a link to new-{ada.email}.")
    await expect(ada.page.get_by_label("Current password")).to_have_count(0)
    await ada.fill("New password", ada.password)
    await ada.press("Choose a password")
    await ada.is_told("You have a password now")
    await expect(ada.page.get_by_label("Current password")).to_be_visible()
    await ada.sign_out()
    await ada.sign_in()


async def test_they_delete_their_account_after_confirming_who_they_are(visit: Visit, mail_folder: Path) -> None:
    ada = await visit("Ada Lovelace")
    ada.expected |= {"400 (Bad Request)", "401 (Unauthorized)"}
    await lose_password(ada, mail_folder)

    async def ask(route: Route) -> None:
        await route.fulfill(status=401, json={"code": "insufficient-user-authentication", "detail": "Confirm first."})

    await ada.page.route("**/auth/account/deletion", ask, times=1)
    await ada.go("/settings/account")
    await ada.press("Delete my account")
    await expect(ada.page.get_by_label("Your password")).to_have_count(0)
    await ada.press("Delete for good")
    await ada.sees("Sign in again to do this.")
    await ada.press("Cancel")
    await ada.sees("Confirm first.")
    await ada.press("Delete for good")
    await ada.is_told("Your account is deleted.")


async def test_an_identity_of_a_provider_that_is_no_longer_offered_can_be_removed(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    identity = {
        "provider": "gone",
        "email": "ada@people.example",
        "created_at": "2026-01-01T00:00:00Z",
        "last_used_at": "2026-01-02T00:00:00Z",
    }
    left, removed = [identity], []

    async def answer(route: Route) -> None:
        await route.fulfill(json={"items": left})

    async def remove(route: Route) -> None:
        removed.append(route.request.method)
        left.clear()
        await route.fulfill(status=204)

    await ada.page.route("**/auth/identities", answer)
    await ada.page.route("**/auth/identities/gone", remove)
    await ada.go("/settings/account")
    await ada.sees("no longer offered here")
    assert await faults(ada) == []
    await ada.press("Remove gone")
    await ada.is_told("gone is removed")
    assert removed == ["DELETE"]
    await expect(ada.page.get_by_role("heading", name="Other ways to sign in")).to_have_count(0)


async def test_after_a_provider_the_page_goes_on_to_where_it_was(visit: Visit) -> None:
    """`next` waits in the tab, since the provider's pages know nothing of it."""
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.sign_out()

    async def providers(route: Route) -> None:
        await route.fulfill(json={"items": [{"name": "idp", "title": "Example", "preset": None}]})

    async def there_and_back(route: Route) -> None:
        await route.fulfill(status=302, headers={"Location": f"{ada.url}/#provider-{ends.pop()}"})

    async def redeem(route: Route) -> None:
        answer = await ada.page.request.post(
            f"{ada.url}/auth/sign-in", data={"email": ada.email, "password": ada.password}
        )
        await route.fulfill(json=await answer.json())

    ends = ["code=abc", "error=access-denied"]
    await ada.page.route("**/auth/providers", providers)
    await ada.page.route("**/auth/providers/idp/authorize", there_and_back)
    await ada.page.route("**/auth/sign-in/provider", redeem)
    await ada.go("/settings/devices")
    await ada.page.get_by_role("link", name="Continue with Example").click()
    await ada.sees("You did not agree, so nothing has happened.")
    await ada.page.get_by_role("link", name="Back to sign-in").click()
    await ada.page.get_by_role("link", name="Continue with Example").click()
    await ada.page.wait_for_url(f"{ada.url}/settings/devices")
    await expect(ada.page.get_by_role("heading", name="Settings")).to_be_visible()
