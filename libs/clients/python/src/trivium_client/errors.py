"""The exceptions of a call. `trivium_client.problems` has a class for each error code."""

from typing import Any, ClassVar


class TriviumError(Exception):
    """A call has failed."""


class NoAnswer(TriviumError):
    """The server could not be reached, or its answer was lost. The request may have been processed or not."""


class DeadlineExceeded(NoAnswer):
    """The call's time was used up. The request may have been processed or not."""


class UnexpectedAnswer(TriviumError):
    """The answer does not have the documented form, for instance because it is not from Trivium."""


class Problem(TriviumError):
    """The API has refused a request, or has failed (RFC 9457).

    Codes that are newer than this client, and answers of proxies, are a plain `Problem`.
    """

    known_code: ClassVar[str] = ""

    def __init__(self, status: int, members: dict[str, Any], retry_after: float | None) -> None:
        self.status = status
        self.code: str = members.get("code") or self.known_code
        """Stable; empty if the answer was not a problem."""
        self.detail: str = members.get("detail") or members.get("title") or f"HTTP status {status}"
        """For people, and may change."""
        self.errors: list[dict[str, Any]] = members.get("errors") or []
        """For `validation-failed`: `loc`, `msg` and `type` of each wrong field."""
        self.instance: str | None = members.get("instance")
        """Finds the request in the server's log."""
        self.retry_after = retry_after
        """Seconds to wait before a retry; None if the answer does not say."""
        super().__init__(status, members, retry_after)  # as given, so that it can be pickled

    def __str__(self) -> str:
        return f"{self.detail} ({self.code or 'no code'}, {self.status})"
