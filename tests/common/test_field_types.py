"""The types of incoming fields that `make new-resource` offers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from common.schemas import MAX_ID, Count, Flag, GivenMoment, Link, LongText, ShortText

DAY = datetime(2026, 11, 22, 13, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        (ShortText, "First light", "First light"),
        (LongText, "It was\na clear night.", "It was\na clear night."),
        (Count, 0, 0),
        (Count, MAX_ID, MAX_ID),
        (Flag, False, False),
        (GivenMoment, "2026-11-22T13:28:00Z", DAY),
        (GivenMoment, "2026-11-22T14:28:00+01:00", DAY),
        (Link, "HTTPS://Example.com", "https://example.com/"),
        (Link, "http://127.0.0.1:8000/a?b=c#d", "http://127.0.0.1:8000/a?b=c#d"),
    ],
)
def test_a_value_of_its_type_is_accepted_in_its_normal_form(kind: Any, given: object, stored: object) -> None:
    found = TypeAdapter(kind).validate_python(given)
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((ShortText, value) for value in ("", " ", "a\nb", "a\x00b", "a" * 201, 5)),
        *((LongText, value) for value in ("", "\n", "a\x00b", "\ud800", "a" * 5001)),
        *((Count, value) for value in (-1, MAX_ID + 1, 1.0, "1", True)),
        *((Flag, value) for value in (0, "true", None)),
        *((GivenMoment, value) for value in (5, "5", "2026-11-22", "2026-11-22T13:28:00", "2026-13-01T00:00:00Z")),
        *((GivenMoment, value) for value in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00")),
        *((Link, value) for value in ("", "example.com", "ftp://example.com", "javascript:alert(1)")),
        *(
            (Link, value)
            for value in ("https://ada@example.com", "https://a:b@example.com", f"https://a.b/{'c' * 2000}")
        ),
    ],
)
def test_anything_else_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)
