"""Settings for mails that auth needs to start."""

from typing import Any

import pytest
from pydantic import ValidationError

from auth.clients.mail_folder import MailFolder
from auth.clients.mail_server import MailServer
from auth.config import Settings
from auth.mailing import mail_sender
from common.settings import explain

ENOUGH: dict[str, Any] = {
    "database_url": "postgresql://auth@127.0.0.1/auth",
    "database_password": "a-secret-for-tests-0123456789-abcdefghij",
    "key_encryption_key": "another-secret-for-tests-0123456789-abcd",
    "refresh_key": "a-third-secret-for-tests-0123456789-abcd",
}
FROM = "Trivium <no-reply@trivium.net>"
SMTPS = "smtps://us@mail.trivium.net"
PASSWORD = "the mail password"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"profile": "production", "issuer": "https://trivium.net"}, "SMTP_URL"),
        ({"profile": "production", "issuer": "https://trivium.net", "mail_dir": "mail"}, "SMTP_URL"),
        ({"smtp_url": "smtp://mail.trivium.net"}, "MAIL_FROM"),
        ({"smtp_url": "https://mail.trivium.net", "mail_from": FROM}, "SMTP_URL"),
        ({"smtp_url": "smtps://", "mail_from": FROM}, "SMTP_URL"),
        ({"smtp_url": "smtps://us:canary@mail.trivium.net", "mail_from": FROM}, "SMTP_PASSWORD"),
        ({"smtp_url": "smtps://mail.trivium.net/?tls=no", "mail_from": FROM}, "SMTP_URL"),
        ({"smtp_url": SMTPS, "mail_from": FROM}, "SMTP_PASSWORD"),
        ({"smtp_url": "smtps://mail.trivium.net", "smtp_password": PASSWORD, "mail_from": FROM}, "SMTP_PASSWORD"),
        ({"smtp_url": "smtp://us@mail.trivium.net", "smtp_password": "canary", "mail_from": FROM}, "SMTP_PASSWORD"),
        ({"mail_from": "nobody"}, "MAIL_FROM"),
        ({"mail_from": "A\r\nBcc: eve@example.com <no-reply@trivium.net>"}, "MAIL_FROM"),
        ({"require_verified_email": True}, "REQUIRE_VERIFIED_EMAIL"),
        ({"password_reset_ttl": "PT59M"}, "PASSWORD_RESET_TTL"),
        ({"password_reset_ttl": "P8D"}, "PASSWORD_RESET_TTL"),
        ({"smtp_timeout": "0"}, "SMTP_TIMEOUT"),
        ({"smtp_timeout": "31"}, "SMTP_TIMEOUT"),
    ],
)
def test_what_is_missing_or_weak_stops_the_start_and_is_named(changes: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(ENOUGH | changes)
    assert named in explain(refused.value)
    assert "canary" not in explain(refused.value)


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://[::1]:2525", 2525, False, False),
        ("smtp://mail.trivium.net", 25, False, False),
        ("smtps://us%40trivium.net@mail.trivium.net", 465, True, False),
        ("smtp+starttls://us%40trivium.net@mail.trivium.net", 587, True, True),
    ],
)
def test_an_address_of_a_mail_server(url: str, port: int, tls: bool, starttls: bool) -> None:
    more = {"smtp_url": url, "mail_from": FROM} | ({"smtp_password": PASSWORD} if tls else {})
    office = mail_sender(Settings.model_validate(ENOUGH | more))
    assert isinstance(office, MailServer)
    assert (office.port, office.tls is not None, office.starttls) == (port, tls, starttls)
    assert (office.username, office.password) == (("us@trivium.net", PASSWORD) if tls else (None, None))
    assert office.host in {"::1", "mail.trivium.net"}
    assert (office.sender_name, str(office.sender)) == ("Trivium", "no-reply@trivium.net")


def test_a_folder_takes_mails_only_where_no_server_does() -> None:
    assert isinstance(mail_sender(Settings.model_validate(ENOUGH | {"mail_dir": "mail"})), MailFolder)
    both = ENOUGH | {"mail_dir": "mail", "smtp_url": "smtp://127.0.0.1:2525", "mail_from": FROM}
    assert isinstance(mail_sender(Settings.model_validate(both)), MailServer)
    assert mail_sender(Settings.model_validate(ENOUGH)) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "trivium.net"),
        ({"mail_from": "Us <us@exämple.com>"}, "xn--exmple-cua.com"),
        ({"smtp_ehlo_name": "relay.internal"}, "relay.internal"),
        ({"smtp_ehlo_name": "[192.0.2.7]"}, "[192.0.2.7]"),
        ({"smtp_ehlo_name": "[IPv6:2001:db8::7]"}, "[IPv6:2001:db8::7]"),
    ],
)
def test_the_mail_server_is_told_a_name_that_others_know(changes: dict[str, str], named: str) -> None:
    """Strict servers accept no mail from `localhost`, which is the name of many machines."""
    office = mail_sender(Settings.model_validate(ENOUGH | {"smtp_url": "smtp://mail", "mail_from": FROM} | changes))
    assert isinstance(office, MailServer)
    assert office.ehlo_name == named


def test_mails_may_come_from_a_local_network() -> None:
    office = mail_sender(Settings.model_validate(ENOUGH | {"mail_dir": "mail", "mail_from": "NAS <us@nas.local>"}))
    assert isinstance(office, MailFolder)
    assert str(office.sender) == "us@nas.local"
