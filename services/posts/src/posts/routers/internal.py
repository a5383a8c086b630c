"""For the other services only; the gateway does not pass these on."""

from typing import Annotated

from fastapi import Depends

from common.events.inbox import BadEvent, NotTheOwner
from common.http.deps import CallingService
from common.http.problems import problems
from common.http.routing import internal_router
from common.schemas import AfterId, PageSize
from common.state_events import EventBatch, EventPage
from common.tokens.verifier import Principal
from posts.deps import ConsumeEvents, ReadStats
from posts.services.post_commands import author_event

router = internal_router()

Publishers = Annotated[Principal, Depends(CallingService("auth", "users"))]
Users = Annotated[Principal, Depends(CallingService("users"))]


@router.post("/events", status_code=204, responses=problems(BadEvent, NotTheOwner))
async def receive_events(batch: EventBatch, caller: Publishers, subscriber: ConsumeEvents) -> None:
    """Learn what others tell. Applied all together or not at all; again changes nothing."""
    await subscriber.inbox.receive(batch.events, caller.subject.removeprefix("svc:"))


@router.get("/authors", response_model=EventPage)
async def list_authors(caller: Users, stats: ReadStats, after: AfterId = 0, limit: PageSize = 100) -> EventPage:
    """How much everybody has published, in the order of their ids."""
    return EventPage.cut([author_event(author) for author in await stats.page(after, limit)], limit)
