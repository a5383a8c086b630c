"""Keyset cursors: issued ones are read back unchanged, all others are refused."""

import random
from datetime import UTC, datetime

import pytest
from fastapi import Request, Response

from common.http.cursors import BadCursor, decode_cursor, encode_cursor, from_micros, to_micros
from common.http.paging import PageRequest
from common.ports import Page

LARGEST = 2**63 - 1
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
STRANGE = ["=", "+", "/", " ", "\0", "é", "\uff11", "\ud800"]
chance = random.Random(20_260_101)  # the same numbers each time


def test_any_place_comes_back_as_it_was() -> None:
    for _ in range(500):
        size = chance.randint(1, 3)
        place = tuple(chance.choice([chance.randint(-LARGEST - 1, LARGEST), 0, -1, LARGEST]) for _ in range(size))
        cursor = encode_cursor("posts", *place)
        assert decode_cursor("posts", cursor, size) == place
        assert set(cursor) <= set(ALPHABET)


def test_a_changed_cursor_is_refused() -> None:
    """S-36: any letter, replaced by any other."""
    cursor = encode_cursor("posts", 1_700_000_000_000_000, 41)
    for place in range(len(cursor)):
        for letter in [*chance.sample(ALPHABET, 8), *STRANGE]:
            if letter != cursor[place]:
                with pytest.raises(BadCursor):
                    decode_cursor("posts", cursor[:place] + letter + cursor[place + 1 :], 2)


def test_a_cut_or_lengthened_cursor_is_refused() -> None:
    """S-36"""
    cursor = encode_cursor("posts", 7, 41)
    for damaged in [cursor[:length] for length in range(len(cursor))] + [
        cursor + "=",
        cursor + "A",
        cursor * 2,
        "=" * 8,
    ]:
        with pytest.raises(BadCursor):
            decode_cursor("posts", damaged, 2)


def test_a_cursor_of_another_list_is_refused() -> None:
    """S-36"""
    cursor = encode_cursor("posts", 7, 41)
    for kind, size in (("drafts", 2), ("posts", 1), ("posts", 3), ("", 2), ("post", 2)):
        with pytest.raises(BadCursor):
            decode_cursor(kind, cursor, size)


def test_noise_is_refused() -> None:
    for _ in range(500):
        noise = "".join(chance.choice(ALPHABET) for _ in range(chance.randint(1, 60)))
        with pytest.raises(BadCursor):
            decode_cursor("posts", noise, 2)


def test_a_moment_comes_back_to_the_microsecond() -> None:
    for _ in range(500):
        moment = datetime.fromtimestamp(chance.randint(-(10**9), 4 * 10**9), UTC).replace(
            microsecond=chance.randrange(10**6)
        )
        assert from_micros(to_micros(moment)) == moment


@pytest.mark.parametrize("micros", [LARGEST, -LARGEST - 1, 253_402_300_800_000_000])
def test_a_moment_that_no_calendar_holds_is_a_bad_cursor(micros: int) -> None:
    with pytest.raises(BadCursor):
        from_micros(micros)


def page_request(query: str) -> PageRequest:
    scope = {"type": "http", "method": "GET", "path": "/posts", "headers": [], "server": ("posts.test", 80)}
    return PageRequest(2, None, Request({**scope, "query_string": query.encode()}), Response())


def test_the_next_page_is_announced_with_what_else_was_asked() -> None:
    request = page_request("tag=caf%C3%A9+%26&limit=2&cursor=old")
    rows, cursor = request.page(Page.cut([5, 4, 3], 2), "posts", lambda row: (row,))
    assert (rows, cursor) == ([5, 4], encode_cursor("posts", 4))
    assert request.response.headers["link"] == f'</posts?tag=caf%C3%A9+%26&limit=2&cursor={cursor}>; rel="next"'


@pytest.mark.parametrize("found", [[], [5], [5, 4]])
def test_the_last_page_announces_none(found: list[int]) -> None:
    request = page_request("limit=2")
    assert request.page(Page.cut(found, 2), "posts", lambda row: (row,)) == (found, None)
    assert "link" not in request.response.headers
