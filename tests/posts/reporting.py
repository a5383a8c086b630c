"""Reports, cases and removals, for tests."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient, Response

from tests.peers import Peers

Walk = Callable[..., Awaitable[list[dict[str, Any]]]]
Headers = dict[str, str]


class Desk:
    """What people and moderators do about content."""

    def __init__(self, client: AsyncClient, peers: Peers, walk: Walk) -> None:
        self.client, self.peers, self.walk = client, peers, walk
        self.moderator = peers.new_account("Mod")
        self.moderating = peers.issuer.person(self.moderator, "moderator")

    def person(self, account_id: int | None = None) -> Headers:
        return self.peers.issuer.person(account_id or self.peers.new_account())

    async def comment(self, post_id: int, author: int, body: str = "Well seen.") -> int:
        reply = await self.client.post(f"/posts/{post_id}/comments", json={"body": body}, headers=self.person(author))
        assert reply.status_code == 201, reply.text
        return int(reply.json()["id"])

    async def report(self, path: str, headers: Headers | None = None, **said: str) -> Response:
        said = {"reason": "spam", **said}
        return await self.client.post(f"/posts/{path}/reports", json=said, headers=headers or self.person())

    async def cases(self, post_id: int, status: str = "open") -> list[dict[str, Any]]:
        """The cases of one post and of the comments below it."""
        found = await self.walk(f"/posts/moderation/cases?status={status}&limit=100", self.moderating)
        return [case for case in found if case["post_id"] == post_id]

    async def reported(self, post_id: int, comment_id: int | None = None) -> int:
        """The open case of a thing that somebody reports."""
        path = str(post_id) if comment_id is None else f"{post_id}/comments/{comment_id}"
        assert (await self.report(path)).status_code == 201
        (case,) = [case for case in await self.cases(post_id) if case["comment_id"] == comment_id]
        return int(case["id"])

    async def decide(self, case_id: int, how: str, headers: Headers | None = None, **said: str) -> Response:
        body = {"reason": "spam", **said} if how == "remove" else None
        path = f"/posts/moderation/cases/{case_id}/{how}"
        return await self.client.post(path, json=body, headers=headers or self.moderating)

    async def removed(self, author: int) -> list[dict[str, Any]]:
        return await self.walk("/posts/removed", self.person(author))


def outcome(reply: Response) -> tuple[int, Any]:
    return reply.status_code, reply.json().get("code") if reply.content else None
