"""State events: the current state of a subject, never a difference. Their schemas, senders and receivers.

`version` counts the changes of the subject's own row. A consumer applies an event only if it is newer than its copy. So
duplicates, reordered and lost events do no harm. Schemas may grow; consumers ignore unknown fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple, Protocol, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.schemas import MAX_ID

Key = tuple[int | UUID, ...]


class EventData(BaseModel):
    """The `data` of one type of event. Each type has one owner, which sends it to `targets`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: ClassVar[str]
    owner: ClassVar[str] = ""
    """Empty if several services send it, each for itself (`may_be_sent_by`)."""
    targets: ClassVar[tuple[str, ...]]
    subject: ClassVar[str] = ""
    """The kind of its subject, if that is not the type itself."""
    numbers: ClassVar[int] = 1
    """How many numbers identify a subject."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        """Parse the key of a subject. Raises ValueError."""
        key = tuple(int(word) for word in words)
        if len(key) != cls.numbers or not all(1 <= number <= MAX_ID for number in key):
            raise ValueError(f"{cls.type} has subjects of another form")
        return key

    def may_be_sent_by(self, service: str) -> bool:
        """Whether this service may send the event."""
        return service == self.owner


def read_uuid(words: Sequence[str]) -> Key:
    """The key of a subject that has no number. Raises ValueError."""
    (word,) = words
    return (UUID(word),)


@dataclass(frozen=True, slots=True)
class Event:
    """The state of a subject. `key` identifies it: (7,) is `account:7`, (7, 9) is `follow:7:9`."""

    key: Key
    version: int
    data: EventData
    occurred_at: datetime | None = field(default=None, compare=False)
    """By the clock of the sender's database; None on the sender's side."""

    @property
    def account_id(self) -> int:
        """For events about an account."""
        (account_id,) = self.key
        if not isinstance(account_id, int):
            raise TypeError(f"{self.subject} is no account")
        return account_id

    @property
    def subject(self) -> str:
        """The subject as text, as in a StateEvent."""
        return ":".join((self.data.subject or self.data.type, *map(str, self.key)))


class ErasureStore(Protocol):
    """Records which accounts are to be erased (`common.events.erasure`)."""

    async def begin(self, account_id: int, version: int) -> None:
        """Hide the account's data in this transaction, and schedule its erasure. Later inserts are discarded.

        `version` is the version of the account's event.
        """

    async def is_erased(self, account_id: int) -> bool:
        """Whether `begin` was called for the account, at any time."""


class RevocationStore(Protocol):
    """Records which access tokens must be refused (`common.events.revocations`)."""

    async def end_sessions(self, ended: Sequence[Event]) -> None: ...

    async def raise_floors(self, floors: Sequence[Event]) -> None: ...


class EventPublisher(Protocol):
    """Where business rules publish events."""

    async def publish(self, *events: Event) -> None:
        """Send the events to all their targets once the transaction is committed. At least one."""


class StateEvent(BaseModel):
    """An event in transit."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(max_length=200, examples=["profile:7@3"])
    type: str = Field(max_length=50, examples=["profile"])
    subject: str = Field(max_length=100, pattern=r"^[a-z.]+(:[0-9a-f-]+)+$", examples=["profile:7"])
    version: int = Field(ge=1, le=MAX_ID)
    occurred_at: datetime
    data: dict[str, Any]
    traceparent: str | None = Field(None, max_length=256, exclude_if=lambda value: value is None)
    """The span that published it (W3C Trace Context), if that was sampled."""

    @classmethod
    def of(
        cls,
        type_: str,
        subject: str,
        version: int,
        occurred_at: datetime,
        data: dict[str, Any],
        traceparent: str | None = None,
    ) -> Self:
        # not validated: it is our own row, and a bad one must not stop the relay
        return cls.model_construct(
            id=f"{subject}@{version}",
            type=type_,
            subject=subject,
            version=version,
            occurred_at=occurred_at,
            data=data,
            traceparent=traceparent,
        )

    @classmethod
    def now(cls, event: Event) -> Self:
        """The answer of an owner that is asked for a state."""
        data = event.data.model_dump(mode="json")
        return cls.of(event.data.type, event.subject, event.version, datetime.now(UTC), data)


class Delivery(NamedTuple):
    """A target's answer to a batch of events."""

    status: int
    """As in HTTP."""
    reason: str = ""
    """Why it refused the batch, for operators. Never the data itself."""


class EventBatch(BaseModel):
    """The body of `POST /internal/events`."""

    events: list[StateEvent] = Field(min_length=1, max_length=100)


class EventPage(BaseModel):
    """Part of an owner's subjects as events: for consumers that missed them, or that rebuild a read model."""

    events: list[StateEvent]
    next: str | None = Field(description="Give this as `after` for the next page; null on the last one.")

    @classmethod
    def all(cls, events: Sequence[Event]) -> Self:
        return cls(events=[StateEvent.now(event) for event in events], next=None)

    @classmethod
    def cut(cls, events: Sequence[Event], limit: int) -> Self:
        """A page of at most `limit` events; `next` names the last subject if there may be more."""
        last = ":".join(map(str, events[-1].key)) if len(events) == limit else None
        return cls(events=[StateEvent.now(event) for event in events], next=last)
