"""For the other services only; the gateway does not pass these routes on."""

from typing import Annotated

from fastapi import Depends

from common.events.exports import AccountGone, AfterPlace, BadPlace, ExportPage
from common.events.inbox import BadEvent, NotTheOwner
from common.http.deps import CallingService
from common.http.problems import problems
from common.http.routing import internal_router
from common.schemas import Id
from common.state_events import EventBatch
from common.tokens.claims import Principal
from skeleton.deps import ConsumeEvents, Exports

router = internal_router()

Publishers = Annotated[Principal, Depends(CallingService("auth"))]
Users = Annotated[Principal, Depends(CallingService("users"))]


@router.post("/events", status_code=204, responses=problems(BadEvent, NotTheOwner))
async def receive_events(batch: EventBatch, caller: Publishers, subscriber: ConsumeEvents) -> None:
    """Receive events. A batch is applied as a whole or not at all; a repeated event changes nothing."""
    await subscriber.inbox.receive(batch.events, caller.subject.removeprefix("svc:"))


@router.get("/export/{account_id}", responses=problems(BadPlace, AccountGone))
async def export_account(account_id: Id, caller: Users, exports: Exports, after: AfterPlace = None) -> ExportPage:
    """Get all data about an account, in pages; empty sections for an unknown account."""
    return await exports.page(account_id, after)
