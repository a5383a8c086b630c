"""For the other services only; the gateway does not pass these routes on."""

from typing import Annotated

from fastapi import Depends, Query

from common.contracts.events import BlockData, FollowData, ProfileData, publishers_to
from common.events.inbox import BadEvent, NotTheOwner
from common.http.deps import CallingService
from common.http.problems import problems
from common.http.routing import internal_router
from common.schemas import AfterId, PageSize
from common.state_events import EventBatch, EventPage
from common.tokens.claims import Principal
from users.deps import ConsumeEvents, ReadProfiles, Relations
from users.schemas.ids import BadIds, id_list, id_pair
from users.services.events import block_event, follow_event, profile_event

router = internal_router()

Publishers = Annotated[Principal, Depends(CallingService(*publishers_to("users")))]
# Services that get the events of a type may list them all, for their read models.
Profiles = Annotated[Principal, Depends(CallingService(*ProfileData.targets))]
Follows = Annotated[Principal, Depends(CallingService(*FollowData.targets))]
Blocks = Annotated[Principal, Depends(CallingService(*BlockData.targets))]
AfterEdge = Annotated[str, Query(pattern=r"^[0-9]{1,16}:[0-9]{1,16}$")]


@router.post("/events", status_code=204, responses=problems(BadEvent, NotTheOwner))
async def receive_events(batch: EventBatch, caller: Publishers, subscriber: ConsumeEvents) -> None:
    """Receive events. A batch is applied as a whole or not at all; a repeated event changes nothing."""
    await subscriber.inbox.receive(batch.events, caller.subject.removeprefix("svc:"))


@router.get("/profiles", responses=problems(BadIds))
async def list_profiles(
    caller: Profiles,
    profiles: ReadProfiles,
    ids: Annotated[str | None, Query(max_length=2000, description="Only these.")] = None,
    after: AfterId = 0,
    limit: PageSize = 100,
) -> EventPage:
    """List names and pictures of some people, or of all by id."""
    if ids is not None:
        return EventPage.all([profile_event(summary) for summary in await profiles.summaries(id_list(ids))])
    return EventPage.cut([profile_event(summary) for summary in await profiles.page(after, limit)], limit)


@router.get("/follows", responses=problems(BadIds))
async def list_follows(
    caller: Follows,
    graph: Relations,
    after: AfterEdge = "0:0",
    limit: PageSize = 100,
) -> EventPage:
    """List all follows, also ended ones, by their two ids."""
    return EventPage.cut([follow_event(edge) for edge in await graph.follows.page(id_pair(after), limit)], limit)


@router.get("/blocks", responses=problems(BadIds))
async def list_blocks(
    caller: Blocks,
    graph: Relations,
    after: AfterEdge = "0:0",
    limit: PageSize = 100,
) -> EventPage:
    """List all blocks, also ended ones, by their two ids."""
    return EventPage.cut([block_event(edge) for edge in await graph.blocks.page(id_pair(after), limit)], limit)
