# file: only with posts
"""What the client for Python repeats: only requests whose repetition has no second effect, and only in time."""

import asyncio

import httpx
import pytest

from tests.clients.conftest import Answer, Do, Server, refusal
from trivium_client import DeadlineExceeded, NoAnswer, Problem, problems
from trivium_client.models import LinkOpened, PostCreate, PostUpdate

LOST = httpx.ReadError("the connection was reset")
POST = {
    "id": 7, "title": "First light", "slug": "first-light-7", "description": "", "body": "Clear.", "tags": [],
    "status": "published", "author": None,
    "created_at": "2026-11-22T13:28:00Z", "updated_at": "2026-11-22T13:28:00Z", "published_at": None,
    "likes_count": 0, "comments_count": 0, "liked": None,
}  # fmt: skip
READS: Do = lambda api: api.get_post(7)  # noqa: E731
CREATES: Do = lambda api: api.create_post(PostCreate(title="First light", body="Clear."))  # noqa: E731
CHANGES: Do = lambda api: api.revise_post(7, PostUpdate(title="Second light"))  # noqa: E731
CHANGES_IF: Do = lambda api: api.revise_post(7, PostUpdate(title="Second light"), if_match='"1"')  # noqa: E731
ACTS: Do = lambda api: api.verify_email(LinkOpened(token="abc"))  # noqa: E731


def done() -> httpx.Response:
    return httpx.Response(200, json=POST, headers={"ETag": '"1-a"'})


@pytest.mark.parametrize("do", [READS, CREATES, CHANGES])
@pytest.mark.parametrize("outcome", [LOST, refusal(502), refusal(503, "database-unavailable"), refusal(504)])
async def test_an_unknown_outcome_is_repeated_where_that_is_safe(do: Do, outcome: Answer) -> None:
    server = Server(outcome, done())
    await do(server.client())
    assert len(server.requests) == 2
    keys = {request.headers.get("Idempotency-Key") for request in server.requests}
    assert len(keys) == 1, "the same key"


@pytest.mark.parametrize("do", [CHANGES_IF, ACTS])
@pytest.mark.parametrize("outcome", [LOST, refusal(502), refusal(503, "database-unavailable")])
async def test_and_nowhere_else(do: Do, outcome: Answer) -> None:
    server = Server(outcome)
    with pytest.raises((NoAnswer, Problem)):
        await do(server.client())
    assert len(server.requests) == 1


@pytest.mark.parametrize("do", [READS, CREATES, CHANGES_IF, ACTS])
@pytest.mark.parametrize(
    "outcome",
    [
        httpx.ConnectError("refused"),
        refusal(429, "rate-limited"),
        refusal(503, "overloaded"),
        refusal(409, "request-in-progress"),
    ],
)
async def test_a_request_that_had_no_effect_is_always_repeated(do: Do, outcome: Answer) -> None:
    server = Server(outcome, done())
    await do(server.client())
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500])
async def test_a_refusal_is_final(status: int) -> None:
    server = Server(refusal(status, "some-code"))
    with pytest.raises(Problem):
        await READS(server.client())
    assert len(server.requests) == 1


async def test_four_attempts_are_the_most() -> None:
    server = Server(*[refusal(503, "overloaded") for _ in range(9)])
    with pytest.raises(problems.Overloaded):
        await READS(server.client())
    assert len(server.requests) == 4


async def test_a_pause_beyond_the_deadline_is_not_waited_for() -> None:
    server = Server(refusal(429, "rate-limited", retry_after="60"))
    with pytest.raises(problems.RateLimited) as refused:
        await READS(server.client())
    assert (len(server.requests), refused.value.retry_after) == (1, 60)


@pytest.mark.parametrize("told", ["", "Sun, 29 Nov 2026 12:00:00 GMT", "-1", "²"])
async def test_without_seconds_the_pause_is_our_own(told: str) -> None:
    server = Server(refusal(502, retry_after=told), done())
    await READS(server.client())
    assert len(server.requests) == 2


async def test_a_call_ends_at_its_deadline() -> None:
    server = Server(httpx.ReadTimeout("too slow"))
    with pytest.raises(DeadlineExceeded):
        await READS(server.client().within(0))


async def test_also_while_the_server_is_silent() -> None:
    class Silent(Server):
        async def answer(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            return await super().answer(request)

    with pytest.raises(DeadlineExceeded):
        await READS(Silent().client(timeout=0.05))


async def test_a_deletion_whose_answer_was_lost_is_done() -> None:
    server = Server(LOST, refusal(404, "post-not-found"))
    await server.client().delete_post(7)
    assert server.sent == ["DELETE /posts/7"] * 2


@pytest.mark.parametrize("first", [[], [httpx.ConnectError("refused")], [refusal(503, "overloaded")]])
async def test_but_a_deletion_of_nothing_is_refused(first: list[Answer]) -> None:
    server = Server(*first, refusal(404, "post-not-found"))
    with pytest.raises(problems.PostNotFound):
        await server.client().delete_post(7)
