"""Accounts and sessions, from auth."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field

from conduit.clients.peers import Peer
from conduit.services.records import OpenedSession


class SessionAnswer(BaseModel):
    """auth's answer: a lasting session, and an access token of it."""

    token: str = Field(max_length=200, repr=False)
    access_token: str = Field(pattern=r"^[A-Za-z0-9._~+/-]+=*$", max_length=4096, repr=False)  # it goes into a header
    expires_in: int = Field(gt=0, le=3600)
    account_id: int

    @property
    def opened(self) -> OpenedSession:
        return OpenedSession(self.token, self.access_token, self.expires_in, self.account_id)


@dataclass(frozen=True, slots=True)
class AuthAccounts:
    """`Accounts` over HTTP."""

    auth: Peer

    async def sign_up(self, email: str, password: str, username: str) -> OpenedSession:
        return await self._open("accounts", {"email": email, "password": password, "username": username})

    async def sign_in(self, email: str, password: str) -> OpenedSession:
        return await self._open("sessions", {"email": email, "password": password})

    async def renew(self, token: str) -> OpenedSession:
        """Raises CredentialsInvalid: the session has ended."""
        return await self._open("renewals", {"token": token})

    async def change(self, changes: Mapping[str, str]) -> None:
        await self.auth.call("PATCH", "/auth/conduit/account", body=changes)

    async def _open(self, what: str, body: Mapping[str, str]) -> OpenedSession:
        return (await self.auth.fetch("POST", f"/auth/conduit/{what}", SessionAnswer, body=body)).opened
