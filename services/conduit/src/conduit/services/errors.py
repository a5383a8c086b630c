"""conduit's errors. `schemas.errors` gives each its key and text in the RealWorld form."""

from collections.abc import Mapping, Sequence

from common.errors import Conflict, Forbidden, InvalidInput, NotFound, TooManyRequests, Unauthenticated


class CredentialsInvalid(Unauthenticated):
    """Unknown address or wrong password. The answer never tells which."""

    code = "credentials-invalid"


class ArticleNotFound(NotFound):
    """No article has this slug."""

    code = "article-not-found"


class CommentNotFound(NotFound):
    """There is no such comment under this article."""

    code = "comment-not-found"


class ProfileNotFound(NotFound):
    """Nobody has this username."""

    code = "profile-not-found"


class NotYourArticle(Forbidden):
    """Only its author may change an article; and its author may have blocked the caller."""

    code = "not-your-article"


class NotYourComment(Forbidden):
    """Only its author may delete a comment."""

    code = "not-your-comment"


class ProfileForbidden(Forbidden):
    """One of the two has blocked the other."""

    code = "profile-forbidden"


class CannotFollowYourself(InvalidInput):
    """People cannot follow themselves."""

    code = "cannot-follow-yourself"


class UsernameNeeded(Forbidden):
    """Only accounts with a username are changed without their password."""

    code = "username-needed"


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "email-taken"


class UsernameTaken(Conflict):
    """Another account has this username."""

    code = "username-taken"


class CallerThrottled(TooManyRequests):
    """Another service counts too many requests of this caller."""

    code = "rate-limited"


class FieldsRefused(InvalidInput):
    """Another service refuses fields of the body."""

    code = "validation-failed"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__("Some fields are not accepted.")
        self.fields = fields
