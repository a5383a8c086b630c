"""One-time codes: the rule alone, against the standard and an authenticator that is not ours."""

import secrets
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from auth.services.second_factor import totp

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(now: int, code: str) -> None:
    """RFC 6238, appendix B, in six digits."""
    assert totp.code_of(RFC_SECRET, now // 30) == code


def test_another_authenticator_agrees_a_thousand_times() -> None:
    for _ in range(1000):
        secret, now = totp.new_secret(), secrets.randbelow(2**33)
        theirs = pyotp.TOTP(totp.in_base32(secret))
        assert totp.code_of(secret, now // 30) == theirs.at(now)
        assert totp.step_of(secret, theirs.at(now), now) == now // 30


def test_one_step_on_either_side_is_tolerated() -> None:
    secret, now = totp.new_secret(), 1_800_000_015
    found = {by: totp.step_of(secret, totp.code_of(secret, now // 30 + by), now) for by in range(-3, 4)}
    assert found == {by: now // 30 + by if abs(by) <= 1 else None for by in range(-3, 4)}


def test_an_app_reads_the_address() -> None:
    secret = totp.new_secret()
    uri = totp.provisioning_uri(secret, "Ada & Co", "ada+test@example.com")
    parsed = pyotp.parse_uri(uri)
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.issuer, parsed.name) == (totp.in_base32(secret), "Ada & Co", "ada+test@example.com")
    assert len(totp.in_base32(secret)) == 32
    assert unquote(urlsplit(uri).path) == "/Ada & Co:ada+test@example.com"
    assert set(parse_qs(urlsplit(uri).query)) == {"secret", "issuer"}
