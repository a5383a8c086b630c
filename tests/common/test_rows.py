"""Records from rows, by column names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from common.db.rows import RowReader


@dataclass(frozen=True)
class Author:
    id: int
    name: str | None


@dataclass(frozen=True)
class Post:
    id: int
    title: str
    author: Author | None


AUTHOR = RowReader(Author, prefix="author_")
POST = RowReader(Post, last=AUTHOR)


def found(names: Sequence[str], *rows: tuple[object, ...]) -> Any:
    return IteratorResult(SimpleResultMetaData(names), iter(rows))


def test_a_column_more_and_another_order_change_nothing() -> None:
    rows = found(("extra", "author_name", "title", "author_id", "id"), ("x", "Ada", "First light", 7, 41))
    assert POST.all(rows) == [Post(41, "First light", Author(7, "Ada"))]
    assert POST.one(found(("id", "title", "author_id", "author_name"), (42, "Next", 7, "Ada"))) == Post(
        42, "Next", Author(7, "Ada")
    )


def test_a_nested_record_is_none_where_its_first_column_is_null() -> None:
    rows = found(("id", "title", "author_id", "author_name"), (1, "a", None, None), (2, "b", 7, None))
    assert [post.author for post in POST.all(rows)] == [None, Author(7, None)]


def test_no_rows_are_no_records() -> None:
    assert POST.all(found(("id",))) == []
    assert POST.one(found(("id",))) is None


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="title"):
        POST.all(found(("id", "author_id", "author_name"), (1, 7, "Ada")))
