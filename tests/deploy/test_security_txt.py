"""/.well-known/security.txt at the gateway (RFC 9116): the security contact, and an expiry in the future."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.errors import StackError
from deploy.local.stack import Stack
from tests.deploy.test_site import gateway

CONTACT = "mailto:security@example.com"
PATH = "/.well-known/security.txt"


def fields(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines() if line)


def test_it_names_the_contact_and_does_not_expire_soon(tmp_path: Path) -> None:
    with gateway(tmp_path, SECURITY_CONTACT=CONTACT, SITE_URL="https://example.com", PROFILE="production") as client:
        answer = client.get(PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    found = fields(answer.text)
    left = datetime.fromisoformat(found.pop("Expires")) - datetime.now(UTC)
    assert timedelta(days=29) < left < timedelta(days=31)
    assert found == {
        "Contact": CONTACT,
        "Preferred-Languages": "en",
        "Canonical": f"https://example.com{PATH}",
    }


def test_without_a_contact_there_is_none(tmp_path: Path) -> None:
    with gateway(tmp_path, SECURITY_CONTACT="", AUTH_UPSTREAM="127.0.0.1:1") as client:
        assert client.get(PATH).status_code == 502  # auth is asked, as for all of /.well-known


def test_without_an_address_of_the_site_it_says_no_canonical_one(tmp_path: Path) -> None:
    with gateway(tmp_path, SECURITY_CONTACT=CONTACT, SITE_URL="") as client:
        assert fields(client.get(PATH).text).keys() == {"Contact", "Expires", "Preferred-Languages"}


@pytest.mark.parametrize("contact", ["security@example.com", "http://example.com/contact", "mailto:a\nExpires: 2000"])
def test_a_contact_that_is_no_address_keeps_the_local_stack_from_starting(
    monkeypatch: pytest.MonkeyPatch, contact: str
) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", contact)
    with pytest.raises(StackError, match="SECURITY_CONTACT must be"):
        Stack.from_environment().gateway_environment()
