"""The text of an API key: shape, check sum, and what scanners rely on."""

import re
import zlib

import pytest

from auth.services.api_keys.key_text import ALPHABET, SHAPE, base62, is_well_formed, new_key, with_check_sum

PUBLISHED = re.compile(r"\btrv_[0-9A-Za-z]{49}\b")
"""The regular expression of docs/concepts/api-keys.md."""
VECTORS = {
    0: "trv_00000000000000000000000000000000000000000002UgL5r",
    2**256 - 1: "trv_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp10eX7xX",
}
"""Of docs/concepts/api-keys.md: 32 zero bytes, and 32 bytes of 255."""


@pytest.mark.parametrize(("number", "text"), VECTORS.items(), ids=["zeros", "ones"])
def test_the_published_examples_are_right(number: int, text: str) -> None:
    assert with_check_sum("trv_" + base62(number, 43)) == text
    assert is_well_formed(text)


def test_a_scanner_needs_only_what_is_published() -> None:
    """Written anew from the text of the documentation."""
    for _ in range(100):
        key = new_key()
        assert PUBLISHED.findall(f"export KEY={key}\n") == [key]
        check = 0
        for letter in key[-6:]:
            check = check * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(letter)
        assert check == zlib.crc32(key[:-6].encode())


def test_keys_differ() -> None:
    assert len({new_key() for _ in range(1000)}) == 1000


def test_every_single_wrong_letter_is_found() -> None:
    key = new_key()
    for place in range(4, len(key)):
        for letter in set(ALPHABET) - {key[place]}:
            assert not is_well_formed(key[:place] + letter + key[place + 1 :])


@pytest.mark.parametrize("change", ["{}0", "{} ", " {}", "{}\n", "x{}", "TRV_{0[4]}", "{0[5]}"])
def test_other_shapes_are_no_keys(change: str) -> None:
    assert not is_well_formed(change.format(new_key()))
    assert not SHAPE.fullmatch("trv_" + "\uff11" * 49)
