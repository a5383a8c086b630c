"""What posts refuses, by name."""

from common.errors import Conflict, Forbidden, InvalidInput, NotFound
from common.tokens.claims import InvalidToken


def author_deleted() -> InvalidToken:
    """The caller's account was deleted a moment ago: their token is about to be refused everywhere."""
    return InvalidToken("The account of this token was deleted.")


class PostNotFound(NotFound):
    """There is no such post, or it is somebody else's draft."""

    code = "post-not-found"


class NotTheAuthor(Forbidden):
    """Only who wrote it may do this."""

    code = "not-the-author"


class AlreadyPublished(Conflict):
    """Publishing is one-way."""

    code = "already-published"


class CommentNotFound(NotFound):
    """There is no such comment under this post."""

    code = "comment-not-found"


class Blocked(Forbidden):
    """The post's author has blocked who wants to comment on it or like it."""

    code = "blocked"


class SearchHasOneOrder(InvalidInput):
    """What is found by words comes the newest first."""

    code = "search-has-one-order"


class SearchNeedsAWord(InvalidInput):
    """Only words that must not be there: nearly all posts would have to be read for it."""

    code = "search-needs-a-word"


class SearchHasTooManyWords(InvalidInput):
    """Each word of a query is looked up by itself, and one character may stand for four of them."""

    code = "search-has-too-many-words"
