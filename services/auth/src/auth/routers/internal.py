"""For the other services only; the gateway does not pass these on."""

from typing import Annotated

from fastapi import Depends

from auth.deps import Accounts
from auth.schemas.account import AccountState
from auth.services.errors import AccountNotFound
from common.deps import CallingService
from common.problems import refusals
from common.routing import internal_router
from common.schemas import Id
from common.tokens import Principal

router = internal_router()

Users = Annotated[Principal, Depends(CallingService("users"))]


@router.get("/accounts/{account_id}", response_model=AccountState, responses=refusals(AccountNotFound))
async def get_account(account_id: Id, caller: Users, accounts: Accounts) -> AccountState:
    """An account as it is now, for a profile that has not heard of it yet."""
    return AccountState.model_validate(await accounts.get(account_id))
