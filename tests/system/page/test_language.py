"""The language of mails: from the browser at sign-up, and chosen in the settings."""

import pytest
from playwright.async_api import expect

from tests.system.page.conftest import Visit

pytestmark = pytest.mark.page


async def test_the_browser_tells_a_language_and_its_owner_chooses_another(visit: Visit) -> None:
    ada = await visit("Ada Lovelace")  # her browser sends en-GB
    await ada.sign_up()
    await ada.go("/settings/account")
    choice = ada.page.get_by_label("Language of mails")
    await expect(choice).to_have_value("en")
    await choice.select_option(label="日本語")
    await ada.press("Save language")
    await ada.is_told("The language of mails is saved.")
    await ada.page.reload()
    await expect(choice).to_have_value("ja")
    await choice.select_option(label="The language of this site")
    await ada.press("Save language")
    await ada.is_told("The language of mails is saved.")
    await ada.page.reload()
    await expect(choice).to_have_value("")
