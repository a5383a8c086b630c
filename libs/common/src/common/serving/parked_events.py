"""For admins: events that a service could not deliver. Each service mounts these routes below its own path."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from common.events.parked import EventName, EventNotParked, Note, Operator, ParkedEvents, parked_page, tell_auth
from common.http.cursors import BadCursor, to_micros
from common.http.deps import DbSession, ReadSession, WithRole
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import SmallBodyRoute, service_router
from common.schemas import WIDE, Count, Incoming, Moment, Outgoing, Reason, Text
from common.tokens.claims import Principal

KIND: Final = "parked events"
Admin = Annotated[Principal, Depends(WithRole("admin"))]


# What is wrong with an event may be its subject or version. So both are wider than in events that are accepted.
class ParkedEventResponse(Outgoing):
    """An event that its target has refused too often."""

    target: str = Field(examples=["posts"], description="The service that refused it; `smtp`: the mail server.")
    type: str = Field(examples=["profile"])
    subject: str = Field(examples=["profile:7"])
    version: int = Field(examples=[3], json_schema_extra=WIDE)
    occurred_at: Moment
    parked_at: Moment
    attempts: int = Field(examples=[5], description="How often it was refused.")
    last_error: str | None = Field(
        examples=["status 422 bad-event The event profile:7@3 does not match the schema of profile: name (missing)."],
        description="The reason of the last refusal.",
    )
    data: str | None = Field(
        examples=['{"avatar_url": null}'],
        description="JSON, cut after 2000 characters; it may hold personal data. Null if it is larger than 64 KiB, or a"
        " mail, which would tell a link to sign in with.",
    )


class ParkedEventAct(Incoming):
    """Which event, in the version that was seen, and why."""

    target: Text = Field(min_length=1, max_length=50, examples=["posts"])
    type: Text = Field(min_length=1, max_length=50, examples=["profile"])
    subject: Text = Field(min_length=1, max_length=1000, examples=["profile:7"])
    version: Count = Field(examples=[3])
    reason: Reason

    @property
    def event(self) -> EventName:
        return EventName(self.target, self.type, self.subject, self.version)


def parked_events_router(service: str, note: Note = tell_auth) -> APIRouter:
    """The routes below `/SERVICE/admin/parked-events`. `note` brings acts to the audit trail."""
    router = service_router(f"/{service}/admin/parked-events", f"{service}-events", SmallBodyRoute)

    @router.get("", name=f"list_parked_events_of_{service}", responses=problems(BadCursor))
    async def list_parked_events(
        caller: Admin, session: ReadSession, page: Paging
    ) -> PageResponse[ParkedEventResponse]:
        """List events that were refused too often, the last first. They wait until they are replayed or dropped."""
        found = await parked_page(session, service, page.limit, page.after_time(KIND))
        return page.answer(found, KIND, lambda event: (to_micros(event.parked_at), event.place), ParkedEventResponse)

    @router.post(
        "/replay", name=f"replay_parked_event_of_{service}", status_code=204, responses=problems(EventNotParked)
    )
    async def replay_parked_event(wanted: ParkedEventAct, caller: Admin, session: DbSession, request: Request) -> None:
        """Send a parked event again, once the cause is fixed."""
        await ParkedEvents(session, service, note).replay(wanted.event, operator(caller, request, wanted.reason))

    @router.post("/drop", name=f"drop_parked_event_of_{service}", status_code=204, responses=problems(EventNotParked))
    async def drop_parked_event(wanted: ParkedEventAct, caller: Admin, session: DbSession, request: Request) -> None:
        """Delete a parked event. Its target lacks this state until the next change, or until it is reconciled."""
        await ParkedEvents(session, service, note).drop(wanted.event, operator(caller, request, wanted.reason))

    return router


def operator(caller: Principal, request: Request, reason: str) -> Operator:
    return Operator(caller.account_id, request.state.client_ip, reason)
