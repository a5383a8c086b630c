"""Authors whose posts and comments a viewer does not see.

- `shown`: without accounts whose erasure is running, while their posts still exist (`common.events.erasure`). There are
  almost never any: each statement reads the list once, from an empty index.
- `seen`: also without the people whom the viewer blocks. For the lists of everybody's posts.
- `not_blocked`: only without those whom the viewer blocks. For comments, which stay after an erasure, without a name.
"""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    any_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from posts.models import Block, Erased, Post

VIEWER: Final = bindparam("viewer", type_=BigInteger)
ERASING: Final = select(Erased.account_id).where(Erased.finished_at.is_(None))
BLOCKED: Final = select(Block.blocked_id).where(Block.blocker_id == VIEWER, Block.active)
HIDDEN: Final = func.array(ERASING.scalar_subquery(), type_=ARRAY(BigInteger))
BLOCKS: Final = func.array(BLOCKED.scalar_subquery(), type_=ARRAY(BigInteger))
UNSEEN: Final = func.array(union_all(ERASING, BLOCKED).scalar_subquery(), type_=ARRAY(BigInteger))


def shown(author: SQLCoreOperations[Any], hidden: ColumnElement[Any] = HIDDEN) -> ColumnElement[bool]:
    """For the WHERE of rows with an author.

    Not `author <> ALL (hidden)`: with few authors, PostgreSQL estimates that no row is left. Then it plans a page of 20
    as a search of the whole table. For "is not null" it estimates that all rows are left.
    """
    return case((author == any_(hidden), None), else_=true()).is_not(None)


def seen(author: SQLCoreOperations[Any]) -> ColumnElement[bool]:
    """As `shown`, for statements with the parameter `viewer`, which may be null."""
    return shown(author, UNSEEN)


def not_blocked(author: SQLCoreOperations[Any]) -> ColumnElement[bool]:
    """For the WHERE of rows with an author, in statements with the parameter `viewer`, which may be null."""
    return shown(author, BLOCKS)


def of_shown_author(post: SQLCoreOperations[int], hidden: ColumnElement[Any] = HIDDEN) -> ColumnElement[bool]:
    """For the WHERE of rows that only name a post. The post is read only if any account is hidden."""
    named = aliased(Post)  # not one of the statement around it
    return or_(func.cardinality(hidden) == 0, exists().where(named.id == post, shown(named.author_id, hidden)))


def of_seen_author(post: SQLCoreOperations[int]) -> ColumnElement[bool]:
    """As `of_shown_author`, for statements with the parameter `viewer`."""
    return of_shown_author(post, UNSEEN)
