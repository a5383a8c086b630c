"""What users refuses, by name."""

from common.errors import DomainError, NotFound


class UserNotFound(NotFound):
    """Nobody has this id."""

    code = "user-not-found"


class CannotFollowYourself(DomainError):
    """Following takes two."""

    code = "cannot-follow-yourself"
