"""The kinds of errors that business rules raise. They do not know HTTP: `common.http.problems` maps kinds to statuses.

A service derives its own errors from these. Each has a `code` that clients may rely on: it never changes.
"""

from datetime import timedelta
from typing import ClassVar


class DomainError(ValueError):
    """A rule refuses the request. The caller sees the message, so it must hold no secrets."""

    code: ClassVar[str] = "bad-request"


class Unauthenticated(DomainError):
    """The caller is unknown, or its credentials are no longer accepted."""

    code = "unauthenticated"


class InsufficientUserAuthentication(Unauthenticated):
    """The caller must first prove who they are again, or more strongly: step up (RFC 9470)."""

    code = "insufficient-user-authentication"

    def __init__(self, message: str, *, second_factor: bool = False, max_age: timedelta | None = None) -> None:
        super().__init__(message)
        self.second_factor = second_factor
        """Whether the session must have proven a second factor."""
        self.max_age = max_age
        """How old the last proof may be; None: any age."""


class Forbidden(DomainError):
    """The caller is known and lacks permission."""

    code = "forbidden"


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""

    code = "not-found"


class Conflict(DomainError):
    """The current state does not allow this."""

    code = "conflict"


class PreconditionFailed(DomainError):
    """The resource has changed since the caller read it."""

    code = "precondition-failed"


class InvalidInput(DomainError):
    """Well-formed, yet not acceptable: a bad cursor, for example."""

    code = "invalid-input"


class TooManyRequests(DomainError):
    """The caller has reached a limit and may try again later."""

    code = "too-many-requests"

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DependencyUnavailable(Exception):
    """The database or another service did not answer in time, or answered with a failure."""

    code: ClassVar[str] = "dependency-unavailable"

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(message)
        self.retry_after = retry_after
