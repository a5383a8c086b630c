"""Rules of passkeys without a database: challenges, and the site's names."""

import pytest

from auth.config import Settings
from auth.services.passkeys.challenges import LIFETIME, RANDOM, SIZE, Challenges, Purpose
from auth.services.passkeys.origins import for_passkeys, host_and_origin

NOW = 1_800_000_000


def challenges(at: float = NOW, *keys: str) -> Challenges:
    return Challenges(lambda: at, *(keys or ("key",)))


def test_a_challenge_holds_32_random_bytes_and_is_new_each_time() -> None:
    made = [challenges().make(Purpose.sign_in) for _ in range(100)]
    assert {len(one) for one in made} == {SIZE}
    assert len({one[:RANDOM] for one in made}) == 100


def test_a_challenge_is_good_for_its_purpose_and_holder_and_five_minutes() -> None:
    challenge = challenges().make(Purpose.registration, "7 session")
    last = NOW + LIFETIME.total_seconds()
    assert challenges(last - 1).is_good(challenge, Purpose.registration, "7 session")
    assert not challenges(last).is_good(challenge, Purpose.registration, "7 session")
    assert not challenges().is_good(challenge, Purpose.registration, "8 session")
    assert not challenges().is_good(challenge, Purpose.registration)
    assert not challenges().is_good(challenge, Purpose.sign_in, "7 session")


def test_no_byte_of_a_challenge_can_be_changed() -> None:
    challenge = challenges().make(Purpose.sign_in)
    for place in range(SIZE):
        changed = bytes([*challenge[:place], challenge[place] ^ 1, *challenge[place + 1 :]])
        assert not challenges().is_good(changed, Purpose.sign_in), place
    for other in (b"", challenge[:-1], challenge + b"\0"):
        assert not challenges().is_good(other, Purpose.sign_in)


def test_a_challenge_outlives_a_change_of_the_key() -> None:
    challenge = challenges(NOW, "old").make(Purpose.sign_in)
    assert challenges(NOW, "new", "old").is_good(challenge, Purpose.sign_in)
    assert not challenges(NOW, "new").is_good(challenge, Purpose.sign_in)


@pytest.mark.parametrize(
    ("issuer", "host", "origin"),
    [
        ("https://example.com", "example.com", "https://example.com"),
        ("https://Example.com:443", "example.com", "https://example.com"),
        ("https://example.com:8443", "example.com", "https://example.com:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_site_is_that_of_the_issuer(issuer: str, host: str, origin: str) -> None:
    assert host_and_origin(issuer) == (host, origin)


@pytest.mark.parametrize("origin", ["https://app.example.net", "http://localhost:3000", "https://app.example:8443"])
def test_further_origins_are_secure(settings: Settings, origin: str) -> None:
    assert for_passkeys([origin]) == [origin]
    assert Settings.model_validate({**settings.model_dump(), "passkey_origins": [origin]}).passkey_origins == [origin]


@pytest.mark.parametrize(
    "origin",
    [
        "http://app.example.net",
        "http://127.0.0.1:3000",
        "https://127.0.0.1",
        "https://[::1]",
        "app://localhost",
        "https://app.example.net/",
        "https://*.example.net",
        "https://App.example.net",
        "*",
    ],
)
def test_others_stop_the_start(settings: Settings, origin: str) -> None:
    with pytest.raises(ValueError, match="passkey_origins"):
        Settings.model_validate({**settings.model_dump(), "passkey_origins": [origin]})
