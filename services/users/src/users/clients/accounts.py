"""Accounts from auth."""

from dataclasses import dataclass

from common.calls.service_client import ServiceClient
from common.contracts.events import AccountData
from common.events.inbox import parse_answer
from common.state_events import StateEvent
from users.services.records import AccountState
from users.services.subscriber import account_state


@dataclass(frozen=True, slots=True)
class AuthAccountClient:
    """`AccountClient` over HTTP. The answer is the same event that auth sends by itself."""

    auth: ServiceClient

    async def get(self, account_id: int) -> AccountState | None:
        event = await self.auth.get(f"/internal/accounts/{account_id}", StateEvent)
        return account_state(parse_answer(event, AccountData)) if event else None
