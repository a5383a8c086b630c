"""Signing in with a mailed code (`make up` sets MAIL_CODES)."""

import os
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.system.conftest import LocalStack
from tests.system.page.conftest import Visit
from tests.waiting import eventually

pytestmark = pytest.mark.page

CODE = re.compile(r"\b\d{8}\b")


@pytest.fixture
def mail_folder(request: pytest.FixtureRequest) -> Path:
    place = os.environ.get("MAIL_DIR")  # must be set together with SYSTEM_URL
    stack: LocalStack | None = None if place else request.getfixturevalue("local_stack")
    return stack.folder / "mail" if stack else Path(place or "")


def codes_for(folder: Path, email: str) -> list[str]:
    found = []
    for path in sorted(folder.glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
        code = CODE.search(mail["Subject"])
        if mail["To"] == email and code:
            found.append(code[0])
    return found


async def test_a_code_signs_in_where_it_was_asked_for(visit: Visit, mail_folder: Path) -> None:
    ada = await visit("Ada Lovelace")
    await ada.sign_up()
    await ada.sign_out()
    await ada.go("/sign-in")
    await ada.page.get_by_role("link", name="Mail me a code instead").click()
    await ada.fill("Email", ada.email)
    await ada.press("Send the code")
    await ada.sees("a code is on its way")
    await eventually(lambda: codes_for(mail_folder, ada.email))
    (code,) = codes_for(mail_folder, ada.email)
    ada.expected.add("401")
    await ada.fill("Code", "00000000")
    await ada.press("Sign in")
    await ada.sees("This code does not work.")
    await ada.fill("Code", f"{code[:4]} {code[4:]}")
    await ada.press("Sign in")
    await expect(ada.page.get_by_label("Your menu")).to_be_visible()
    assert ada.complaints == []
