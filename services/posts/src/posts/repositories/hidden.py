"""Accounts whose erasure is running. Their posts are hidden while they still exist (`common.events.erasure`).

There are almost never any: each statement reads the list once, from an empty index.
"""

from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from posts.models import Erased, Post

HIDDEN: Final = func.array(
    select(Erased.account_id).where(Erased.finished_at.is_(None)).scalar_subquery(), type_=ARRAY(BigInteger)
)


def shown(author: SQLCoreOperations[Any]) -> ColumnElement[bool]:
    """For the WHERE of rows with an author.

    Not `author <> ALL (hidden)`: with few authors, PostgreSQL estimates that no row is left. Then it plans a page of 20
    as a search of the whole table. For "is not null" it estimates that all rows are left.
    """
    return case((author == any_(HIDDEN), None), else_=true()).is_not(None)


def of_shown_author(post: SQLCoreOperations[int]) -> ColumnElement[bool]:
    """For the WHERE of rows that only name a post. The post is read only if any account is hidden."""
    seen = aliased(Post)  # not one of the statement around it
    return or_(func.cardinality(HIDDEN) == 0, exists().where(seen.id == post, shown(seen.author_id)))
