"""One call of an operation, before it is sent."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from trivium_client.model import Model


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and whether it may be repeated if its outcome is unknown."""

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: Model | None = None
    form: Model | None = None
    if_match: str | None = None
    idempotency_key: str | None = None
    signed: bool = True
    """Whether the access token is sent, if there is one."""
    repeatable: bool = False
    patience: float = float("inf")
    """Seconds for one attempt."""

    @property
    def may_repeat(self) -> bool:
        """Whether a second request has no second effect. A repeated `If-Match` would no longer match."""
        if self.method in {"GET", "PUT", "DELETE"} or self.idempotency_key:
            return True
        return self.repeatable or (self.method == "PATCH" and self.if_match is None)

    @property
    def target(self) -> str:
        """Path and query."""
        given = {name: text_of(value) for name, value in self.query.items() if value is not None}
        return f"{self.path}?{urlencode(given)}" if given else self.path

    @property
    def content(self) -> bytes | None:
        """The body. Fields that were not given are left out: they keep their values, or get their defaults."""
        if self.form is not None:
            return urlencode(self.form.model_dump(mode="json", exclude_unset=True)).encode()
        return None if self.body is None else self.body.model_dump_json(exclude_unset=True).encode()

    def headers(self, token: str | None) -> dict[str, str]:
        kind = "application/x-www-form-urlencoded" if self.form is not None else "application/json"
        possible = {
            "Accept": "application/json",
            "Content-Type": kind if self.body is not None or self.form is not None else None,
            "Authorization": f"Bearer {token}" if token else None,
            "If-Match": self.if_match,
            "Idempotency-Key": self.idempotency_key,
        }
        return {name: value for name, value in possible.items() if value is not None}


class Deadline:
    """The end of a call, over all its attempts and pauses."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; 0 if it has passed."""
        return max(0.0, self._ends - time.monotonic())


def new_key() -> str:
    """An Idempotency-Key of 122 random bits."""
    return str(uuid4())


def text_of(value: object) -> str:
    """A query parameter's value, as the API expects it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else str(value)
