"""What auth holds about an account: for users, which makes the export."""

from typing import Annotated

from fastapi import Depends

from auth.deps import Exports
from common.events.exports import AccountGone, AfterPlace, BadPlace, ExportPage
from common.http.deps import CallingService
from common.http.problems import problems
from common.http.routing import internal_router
from common.schemas import Id
from common.tokens.verifier import Principal

router = internal_router()

Users = Annotated[Principal, Depends(CallingService("users"))]


@router.get("/export/{account_id}", response_model=ExportPage, responses=problems(BadPlace, AccountGone))
async def export_account(account_id: Id, caller: Users, exports: Exports, after: AfterPlace = None) -> ExportPage:
    """Everything about an account, in pages; empty sections if nothing is known of it."""
    return await exports.page(account_id, after)
