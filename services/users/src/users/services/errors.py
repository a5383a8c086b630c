"""users' errors."""

from common.errors import Conflict, DomainError, Forbidden, NotFound


class UserNotFound(NotFound):
    """There is no such person."""

    code = "user-not-found"


class CannotFollowYourself(DomainError):
    """People cannot follow themselves."""

    code = "cannot-follow-yourself"


class CannotBlockYourself(DomainError):
    """People cannot block themselves."""

    code = "cannot-block-yourself"


class BlockedByThem(Forbidden):
    """This person has blocked the caller."""

    code = "blocked-by-them"


class BlockedByYou(Conflict):
    """The caller has blocked this person, and must end that first."""

    code = "blocked-by-you"
