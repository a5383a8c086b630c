"""For the other services only; the gateway does not pass these routes on."""

from typing import Annotated

from fastapi import Depends

from auth.deps import ConsumeEvents, Exports, ReadAccounts
from auth.services.errors import AccountNotFound
from auth.services.events import account_event
from common.events.exports import AccountGone, AfterPlace, BadPlace, ExportPage
from common.events.inbox import BadEvent, NotTheOwner
from common.http.deps import CallingService
from common.http.problems import problems
from common.http.routing import internal_router
from common.schemas import AfterId, Id, PageSize
from common.services import CLIENTS
from common.state_events import EventBatch, EventPage, StateEvent
from common.tokens.claims import Principal

router = internal_router()

Users = Annotated[Principal, Depends(CallingService("users"))]
Others = Annotated[Principal, Depends(CallingService(*CLIENTS))]


@router.get("/accounts/{account_id}", responses=problems(AccountNotFound))
async def get_account(account_id: Id, caller: Users, accounts: ReadAccounts) -> StateEvent:
    """Get an account's current state, for a profile that does not exist yet."""
    return StateEvent.now(account_event(await accounts.get(account_id)))


@router.get("/accounts")
async def list_accounts(caller: Users, accounts: ReadAccounts, after: AfterId = 0, limit: PageSize = 100) -> EventPage:
    """List the current states of all accounts, by id."""
    return EventPage.cut([account_event(account) for account in await accounts.reader.page(after, limit)], limit)


@router.get("/erased")
async def list_erased(caller: Others, accounts: ReadAccounts, after: AfterId = 0, limit: PageSize = 100) -> EventPage:
    """List deleted accounts, and those being deleted, by id."""
    return EventPage.cut([account_event(account) for account in await accounts.reader.page_gone(after, limit)], limit)


@router.post("/events", status_code=204, responses=problems(BadEvent, NotTheOwner))
async def receive_events(batch: EventBatch, caller: Others, subscriber: ConsumeEvents) -> None:
    """Receive events. A batch is applied as a whole or not at all; a repeated event changes nothing."""
    await subscriber.inbox.receive(batch.events, caller.subject.removeprefix("svc:"))


@router.get("/export/{account_id}", responses=problems(BadPlace, AccountGone))
async def export_account(account_id: Id, caller: Users, exports: Exports, after: AfterPlace = None) -> ExportPage:
    """Get all data about an account, in pages; empty sections for an unknown account."""
    return await exports.page(account_id, after)
