"""Lists of ids in a query."""

import re
from typing import Final

from common.errors import InvalidInput
from common.schemas import DIGITS, MAX_ID

MAX_BATCH: Final = 100
NAMED: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}|~[1-9][0-9]{0,14}")


class BadIds(InvalidInput):
    """The list of ids is malformed."""

    code = "bad-ids"


def id_list(text: str) -> list[int]:
    """`1,2,3`, at most 100 of them, each once.

    Raises:
        BadIds: it is something else.
    """
    words = text.split(",")
    if len(words) > MAX_BATCH or not all(DIGITS.fullmatch(word) and 1 <= int(word) <= MAX_ID for word in words):
        raise BadIds(f"ids must be up to {MAX_BATCH} numbers, separated by commas.")
    return list(dict.fromkeys(int(word) for word in words))


class BadUsernames(InvalidInput):
    """The list of usernames is malformed."""

    code = "bad-usernames"


def username_list(text: str) -> list[str]:
    """`ada,~42`, at most 100 of them: usernames, and ids of people who may have none.

    Raises:
        BadUsernames: it is something else.
    """
    names = text.split(",")
    if len(names) > MAX_BATCH or not all(map(NAMED.fullmatch, names)):
        raise BadUsernames(f"usernames must be up to {MAX_BATCH} names, separated by commas.")
    return names


def id_pair(text: str) -> tuple[int, int]:
    """`7:9`, in the form that the query's pattern allows.

    Raises:
        BadIds: a number is too large for an id.
    """
    one, other = map(int, text.split(":"))
    if max(one, other) > MAX_ID:
        raise BadIds("after must be two ids.")
    return one, other
