"""auth's accounts."""

from dataclasses import dataclass

from pydantic import BaseModel

from common.schemas import Id
from common.service_client import ServiceClient
from users.services.records import AccountState


class AccountAnswer(BaseModel):
    """As much of auth's answer as users needs; the rest may change freely."""

    id: Id
    email: str
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class AuthAccounts:
    """`Accounts`, asked over HTTP."""

    auth: ServiceClient

    async def get(self, account_id: int) -> AccountState | None:
        answer = await self.auth.get(f"/internal/accounts/{account_id}", AccountAnswer)
        return AccountState(answer.id, answer.email, answer.name, answer.version) if answer else None
