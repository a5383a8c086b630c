"""The kinds of refusal that a rule may raise. They know no HTTP; `common.http.problems` maps each kind to a status.

A service derives its own errors from these and gives each a `code`, which clients may rely on: it never changes.
"""

from datetime import timedelta
from typing import ClassVar


class DomainError(ValueError):
    """A rule says no. The message is shown to the caller, so it holds nothing secret."""

    code: ClassVar[str] = "bad-request"


class Unauthenticated(DomainError):
    """We do not know who is asking, or no longer trust what says so."""

    code = "unauthenticated"


class Forbidden(DomainError):
    """We know who is asking, and they may not."""

    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing, or the caller may not know of it."""

    code = "not-found"


class Conflict(DomainError):
    """The state of things does not allow it now."""

    code = "conflict"


class PreconditionFailed(DomainError):
    """What the caller has seen is not what there is now: somebody else was faster."""

    code = "precondition-failed"


class InvalidInput(DomainError):
    """Well-formed, yet not acceptable: a bad cursor, for example."""

    code = "invalid-input"


class TooManyRequests(DomainError):
    """Later, perhaps."""

    code = "too-many-requests"

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DependencyUnavailable(Exception):
    """Something this service needs did not answer well in time: its database or another service."""

    code: ClassVar[str] = "dependency-unavailable"

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(message)
        self.retry_after = retry_after
