"""The inbox: validates events against their schemas and applies them by type, all in one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import ValidationError

from common.calls.service_client import PeerUnavailable
from common.errors import Forbidden, InvalidInput
from common.spans import processing
from common.state_events import Event, EventData, StateEvent

log = structlog.get_logger()

MOST_NAMED: Final = 5

Apply = Callable[[Sequence[Event]], Awaitable[None]]
"""Stores the events that are newer than the stored state. All events have the type it was registered for."""


class BadEvent(InvalidInput):
    """An event of a known type that does not match its schema."""

    code = "bad-event"


class NotTheOwner(Forbidden):
    """Only the service that owns a subject may send its state."""

    code = "not-the-owner"


@dataclass(frozen=True, slots=True)
class Inbox:
    """Applies events. Unknown types are ignored, and lost to this service: deploy consumers before producers."""

    appliers: Mapping[type[EventData], Apply]

    async def receive(self, events: Sequence[StateEvent], sender: str) -> int:
        """Apply a batch from the service `sender`. Returns how many events were of a known type.

        Raises:
            BadEvent: an event does not match its schema. Nothing is applied then.
            NotTheOwner: the sender does not own one of the subjects.
        """
        schemas = {schema.type: schema for schema in self.appliers}
        by_schema: dict[type[EventData], list[Event]] = {}
        for event in events:
            schema = schemas.get(event.type)
            if schema is None:
                continue
            parsed = parse_event(event, schema)
            if not parsed.data.may_be_sent_by(sender):
                raise NotTheOwner(f"{sender} does not own {event.type}.")
            by_schema.setdefault(schema, []).append(parsed)
        # Types and subjects in the same order everywhere, so that two relays with the same rows do not deadlock.
        with processing([event.type for event in events], [event.traceparent for event in events]):
            for schema, apply in self.appliers.items():
                if found := by_schema.get(schema):
                    await apply(sorted(found, key=lambda event: event.key))
        return sum(map(len, by_schema.values()))


def parse_event(event: StateEvent, schema: type[EventData]) -> Event:
    """Raises BadEvent."""
    try:
        name, *words = event.subject.split(":")
        if name != (schema.subject or schema.type):
            raise BadEvent(f"{event.subject} names no subject of {schema.type}.")
        return Event(schema.read_key(words), event.version, schema.model_validate(event.data), event.occurred_at)
    except (ValidationError, ValueError) as error:
        said = f"The event {event.id} does not match the schema of {schema.type}{wrong_fields(error)}."
        raise BadEvent(said) from error


def wrong_fields(error: ValueError) -> str:
    """The names of the fields that do not match, and how; never their values."""
    if not isinstance(error, ValidationError):
        return ""
    wrong = [(".".join(map(str, one["loc"])) or "data", one["type"]) for one in error.errors(include_input=False)]
    return ": " + ", ".join(f"{name} ({kind})" for name, kind in wrong[:MOST_NAMED])


def parse_answer(event: StateEvent, schema: type[EventData]) -> Event:
    """As `parse_event`, for an event that its owner was asked for. A bad one is the peer's failure (S-30).

    Raises:
        PeerUnavailable: it does not match its schema.
    """
    try:
        return parse_event(event, schema)
    except BadEvent as error:
        log.warning("answer does not match the schema", peer=schema.owner, reason=str(error))
        raise PeerUnavailable(f"The {schema.owner} service does not answer just now.") from error


def event_rows(events: Sequence[Event], *names: str) -> list[dict[str, Any]]:
    """Parameters for one statement per event: the numbers under `names`, `version`, and the data's fields."""
    return [
        dict(zip(names, event.key, strict=True)) | {"version": event.version} | dict(event.data) for event in events
    ]
