"""The text of an API key, whose check sum tells it from other words without a look-up.

Shape: `trv_`, 43 characters of base62 for 32 random bytes, and 6 for the CRC-32 of all characters before (ISO 3309, as
zlib's `crc32`). Base62 has the digits, then A to Z, then a to z; numbers are big-endian and filled up with zeros.
"""

import re
import secrets
import zlib
from typing import Final

PREFIX: Final = "trv_"
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM: Final = 32
"""Bytes. Nobody can guess as many, so one round of SHA-256 is enough to store them."""
BODY: Final = 43
CHECK: Final = 6
SHAPE: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{BODY + CHECK}}}")


def new_key() -> str:
    """A new key."""
    return with_check_sum(PREFIX + base62(int.from_bytes(secrets.token_bytes(RANDOM), "big"), BODY))


def with_check_sum(start: str) -> str:
    return start + base62(zlib.crc32(start.encode()), CHECK)


def is_well_formed(text: str) -> bool:
    """Whether it can be a key: others need no look-up."""
    return bool(SHAPE.fullmatch(text)) and with_check_sum(text[:-CHECK]) == text


def base62(number: int, length: int) -> str:
    letters = ""
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        letters = ALPHABET[rest] + letters
    return letters
