"""What acts of signing in need: auth in this process, somebody to act, and how the outcome is counted."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.auth.conftest import PASSWORD, Member, Person, bearer, new_email
from tests.auth.identity_provider import Browser
from tests.auth.second_factors import Guarded, turn_on
from tests.system.faults.replicas import Connection

Call = Callable[[AsyncClient], Awaitable[Response]]


async def nothing_more(_: AsyncClient, __: Response) -> None:
    """The count tells enough."""


async def gives_tokens(client: AsyncClient, reply: Response) -> None:
    own = await client.get("/auth/me", headers=bearer(reply.json()["access_token"]))
    assert own.status_code == 200, own.text


@dataclass(frozen=True)
class Trial:
    """An act of one person."""

    dying: Sequence[Call]
    """At the process that is killed."""
    living: Sequence[Call]
    effects: Callable[[], Awaitable[int]]
    comes_back: Callable[[], Awaitable[None]]
    """Signs the person in anew, by what they have left."""
    lasts: Callable[[AsyncClient, Response], Awaitable[None]] = nothing_more
    """What was acknowledged is so."""


@dataclass(frozen=True)
class World:
    """auth in this process, with which acts are prepared; its database; a browser, and a provider."""

    app: FastAPI
    client: AsyncClient
    browser: Browser
    database: Connection

    async def join(self) -> Member:
        """Somebody with a password and a proven address."""
        email = new_email()
        form = {"email": email, "password": PASSWORD}
        made = await self.client.post("/auth/register", json={**form, "name": "Ada"})
        await self.database.execute("UPDATE accounts SET email_verified_at = now() WHERE email = $1", email)
        tokens = (await self.client.post("/auth/sign-in", json=form)).json()
        return Member(Person(made.json()["id"], email, PASSWORD), tokens)

    async def guarded(self) -> Guarded:
        """The same with a second factor."""
        return await turn_on(self.client, self.database, await self.join())

    def somebody_new(self) -> str:
        """The subject of the person in front of the browser."""
        self.browser.provider.person = new = {"sub": new_email(), "email_verified": True, "name": "Ada"}
        new["email"] = new["sub"]
        return str(new["sub"])

    def counted(self, statement: str, about: object, less: int = 0) -> Callable[[], Awaitable[int]]:
        async def count() -> int:
            return int(await self.database.fetchval(statement, about)) - less

        return count

    def by_password(self, member: Member) -> Callable[[], Awaitable[None]]:
        async def enter() -> None:
            form = {"email": member.person.email, "password": member.person.password}
            reply = await self.client.post("/auth/sign-in", json=form)
            assert reply.json().get("state") in {"signed-in", "second-factor-needed"}, reply.text

        return enter

    async def by_provider(self) -> None:
        await self.browser.sign_in()

    def arriving(self, asked: dict[str, str]) -> Call:
        """Coming back from the provider with this answer, in this browser."""
        told = self.browser.provider.consent(asked)
        cookie = "; ".join(f"{one.name}={one.value}" for one in self.browser.client.cookies.jar)
        return lambda there: there.get("/auth/providers/idp/callback", params=told, headers={"Cookie": cookie})
