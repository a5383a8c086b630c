"""posts' errors."""

from common.errors import Conflict, Forbidden, InvalidInput, NotFound
from common.tokens.claims import InvalidToken


def author_deleted() -> InvalidToken:
    """The caller's account was deleted a moment ago, and its token will soon be refused everywhere."""
    return InvalidToken("The account of this token was deleted.")


class PostNotFound(NotFound):
    """There is no such post, or it is somebody else's draft."""

    code = "post-not-found"


class NotTheAuthor(Forbidden):
    """Only the author may do this."""

    code = "not-the-author"


class AlreadyPublished(Conflict):
    """Publishing is one-way."""

    code = "already-published"


class CommentNotFound(NotFound):
    """There is no such comment under this post."""

    code = "comment-not-found"


class Blocked(Forbidden):
    """The post's author has blocked the caller, who wants to comment on it or like it."""

    code = "blocked"


class LikesArePrivate(Forbidden):
    """Lists of the posts that somebody likes are theirs, unless CONDUIT is on."""

    code = "likes-are-private"


class SearchHasOneOrder(InvalidInput):
    """Search results come the newest first."""

    code = "search-has-one-order"


class SearchNeedsAWord(InvalidInput):
    """The query only excludes words: nearly all posts would have to be read for it."""

    code = "search-needs-a-word"


class SearchHasTooManyWords(InvalidInput):
    """The query has too many words. Each is looked up separately, and one character may stand for four of them."""

    code = "search-has-too-many-words"


class FeedOffsetTooLarge(InvalidInput):
    """A page of a feed may begin after 1,000 posts at most: as many are read of each followee."""

    code = "feed-offset-too-large"


class OwnContent(Forbidden):
    """People do not report what they wrote themselves, and moderators do not decide about it."""

    code = "own-content"


class CaseNotFound(NotFound):
    """There is no such case. It goes when its post or comment is deleted or removed."""

    code = "case-not-found"


class CaseDecided(Conflict):
    """Somebody has decided this case already."""

    code = "case-decided"
