"""Who is being forgotten just now. What they wrote is not shown while it is still there (`common.events.erasure`).

Almost always that is nobody: the list of them is made once per statement, from an empty index.
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
    """For the WHERE of what has an author.

    Not `author <> ALL (hidden)`: PostgreSQL believes that it leaves nothing where there are few authors, takes a page
    of 20 for a search of the whole table, and reads that. Of "is not null" it believes that all is left.
    """
    return case((author == any_(HIDDEN), None), else_=true()).is_not(None)


def of_shown_author(post: SQLCoreOperations[int]) -> ColumnElement[bool]:
    """For the WHERE of what only names a post, which is looked at if there is anybody to hide."""
    seen = aliased(Post)  # not one of the statement around it
    return or_(func.cardinality(HIDDEN) == 0, exists().where(seen.id == post, shown(seen.author_id)))
