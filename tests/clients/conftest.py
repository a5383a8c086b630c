"""Servers that answer a client as they are told, without a network."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from trivium_client import AsyncTrivium, Tokens

Answer = httpx.Response | httpx.RequestError
ADA = {
    "id": 7,
    "email": "ada@example.com",
    "roles": [],
    "status": "active",
    "email_verified": True,
    "has_password": True,
    "locale": None,
}


def refusal(status: int, code: str = "", retry_after: str = "0") -> httpx.Response:
    """A problem; without a code, the page of a proxy."""
    headers = [(b"Retry-After", retry_after.encode("latin-1"))] if retry_after else []
    if not code:
        return httpx.Response(status, text="<h1>Bad gateway</h1>", headers=headers)
    return httpx.Response(status, json={"code": code, "detail": "It said so.", "status": status}, headers=headers)


class Server:
    """Gives the answers in their order, and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.RequestError):
            raise answer
        return answer

    @property
    def sent(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def bodies(self) -> Sequence[Any]:
        return [json.loads(request.content) for request in self.requests]

    def client(self, **options: Any) -> AsyncTrivium:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return AsyncTrivium("http://trivium.test", http=http, **options)


Do = Callable[[AsyncTrivium], Awaitable[object]]


@pytest.fixture
def tokens() -> Tokens:
    return Tokens("access-1", "refresh-1")
