"""The password policy (S-02, S-04), without an app."""

import pytest

from auth.services.errors import WeakPassword
from auth.services.passwords.policy import PasswordPolicy, common_passwords, fold

POLICY = PasswordPolicy(8, ("trivium",))
ADA = {"email": "ada.lovelace1815@example.com", "name": "Ada Lovelace"}


def test_the_list_has_more_than_three_thousand_that_would_be_long_enough() -> None:
    """S-04"""
    common = common_passwords()
    assert len(common) > 8000
    assert all(len(word) >= 8 and word == fold(word) for word in common)


@pytest.mark.parametrize(
    "password",
    ["password", "Password1", "QWERTYUIOP", "12345678", "iloveyou", "\uff50\uff41ssword", "trustno1", "1q2w3e4r"],
)
def test_common_passwords_are_refused_in_any_case_and_form(password: str) -> None:
    """S-04"""
    with pytest.raises(WeakPassword) as refusal:
        POLICY.check(password, **ADA)
    assert password == "password" or password not in str(refusal.value)


@pytest.mark.parametrize(
    "password",
    [
        "trivium1",
        "Trivium-2026!",
        "TRIVIUM!!",
        "lovelace",
        "Lovelace1815",
        "ada.lovelace",
        "AdaLovelace!",
        "ada_lovelace_1",
        "ADA12345",
        "!!ada!!12",
        "ada.lovelace1815@example.com",
        "\uff4cove\uff4cace1",
    ],
)
def test_what_everybody_knows_of_the_owner_is_refused(password: str) -> None:
    """S-04"""
    with pytest.raises(WeakPassword) as refusal:
        POLICY.check(password, **ADA)
    assert password not in str(refusal.value)


@pytest.mark.parametrize(
    "password",
    [
        "a long enough passphrase",
        "correct horse battery staple",
        "Lovelace writes programs",
        "trivium quadrivium",
        "😀" * 8,
        "пароль подлиннее",
        "长长长长长长长长",
        "        ",
        "73951048264",
        "x" * 256,
    ],
)
def test_anything_else_is_accepted(password: str) -> None:
    """S-02: no rules of composition."""
    POLICY.check(password, **ADA)


def test_an_address_of_digits_is_no_password_and_neither_is_everything_for_its_owner() -> None:
    digits = {"email": "4915112345678@example.com", "name": "4711"}
    with pytest.raises(WeakPassword):
        POLICY.check("4915112345678", **digits)
    POLICY.check("8675309-8675309", **digits)


def test_the_length_is_a_setting_and_counted_in_code_points() -> None:
    """S-02"""
    long = PasswordPolicy(15, ())
    with pytest.raises(WeakPassword, match="15"):
        long.check("😀" * 14, **ADA)
    long.check("😀" * 15, **ADA)


@pytest.mark.parametrize("password", ["o\u0308k\u0301x\u0323z\u0301", "e\u0301" * 7, "\ufdfa" * 15])
def test_the_length_is_counted_in_the_form_in_which_passwords_are_compared(password: str) -> None:
    """S-02: separate accents do not add letters, and the length is that of the compared form."""
    with pytest.raises(WeakPassword):
        POLICY.check(password, **ADA)


def test_a_letter_that_is_typed_in_parts_is_one() -> None:
    """S-02"""
    POLICY.check("ne\u0301ophyte", **ADA)
    POLICY.check("e\u0301" * 256, **ADA)
