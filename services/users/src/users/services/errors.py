"""What users refuses, by name."""

from common.errors import Conflict, DomainError, Forbidden, NotFound


class UserNotFound(NotFound):
    """Nobody has this id."""

    code = "user-not-found"


class CannotFollowYourself(DomainError):
    """Following takes two."""

    code = "cannot-follow-yourself"


class CannotBlockYourself(DomainError):
    """Blocking takes two."""

    code = "cannot-block-yourself"


class BlockedByThem(Forbidden):
    """They have blocked the caller."""

    code = "blocked-by-them"


class BlockedByYou(Conflict):
    """The caller has blocked them, and would have to end that first."""

    code = "blocked-by-you"
