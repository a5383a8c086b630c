# file: only with posts
"""What the client for Python sends, and what it makes of the answers."""

from copy import copy
from datetime import UTC, datetime

import httpx
import pytest

from deploy.clients.document import codes, document, operations
from tests.clients.conftest import ADA, Server, refusal
from tests.clients.test_retries import done
from trivium_client import AsyncTrivium, Problem, Tokens, Trivium, UnexpectedAnswer, problems
from trivium_client.models import LinkOpened, PostCreate, PostUpdate


async def test_only_given_fields_are_sent() -> None:
    server = Server(done(), done())
    api = server.client()
    await api.create_post(PostCreate(title="First light", body="Clear."))
    await api.revise_post(7, PostUpdate(tags=[]), if_match='"1-a"')
    assert server.bodies() == [{"title": "First light", "body": "Clear."}, {"tags": []}]
    assert server.requests[1].headers["If-Match"] == '"1-a"'


async def test_parameters_are_spelled_as_the_api_wants_them() -> None:
    server = Server(httpx.Response(200, json={"items": [], "next_cursor": None}))
    await server.client().list_audit_events(from_=datetime(2026, 11, 29, tzinfo=UTC), actor="a&b", limit=5)
    assert server.requests[0].url.query == b"actor=a%26b&from=2026-11-29T00%3A00%3A00%2B00%3A00&limit=5"


async def test_a_token_goes_only_to_operations_that_take_one(tokens: Tokens) -> None:
    server = Server(httpx.Response(200, json=ADA), httpx.Response(200, json={"items": [], "next_cursor": None}))
    api = server.client(tokens=tokens)
    await api.get_own_account()
    await api.list_tags()
    assert [request.headers.get("Authorization") for request in server.requests] == ["Bearer access-1", None]


async def test_a_resource_has_its_etag() -> None:
    assert (await Server(done()).client().get_post(7)).etag == '"1-a"'


@pytest.mark.parametrize("code", codes(document()))
async def test_each_code_has_its_exception(code: str) -> None:
    kind = problems.BY_CODE[code]
    with pytest.raises(kind) as refused:
        await Server(refusal(422, code, retry_after="")).client(timeout=0.1).change_email(LinkOpened(token="abc"))
    assert (refused.type, refused.value.code, refused.value.status) == (kind, code, 422)


async def test_an_unknown_code_and_a_page_of_a_proxy_are_plain_problems() -> None:
    for answer, code in ((refusal(418, "new-in-2030"), "new-in-2030"), (refusal(404), "")):
        with pytest.raises(Problem) as refused:
            await Server(answer).client().get_own_account()
        assert (refused.type, refused.value.code) == (Problem, code)


async def test_a_problem_can_be_pickled_and_copied() -> None:
    with pytest.raises(Problem) as refused:
        await Server(refusal(404, "post-not-found", retry_after="")).client().get_post(7)
    copied = copy(refused.value)  # by the same protocol
    assert (type(copied), str(copied)) == (problems.PostNotFound, "It said so. (post-not-found, 404)")


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<h1>Hello</h1>"), httpx.Response(302)])
async def test_an_answer_that_is_not_from_trivium_is_named(answer: httpx.Response) -> None:
    with pytest.raises(UnexpectedAnswer, match="GET /auth/me"):
        await Server(answer).client().get_own_account()


@pytest.mark.parametrize("client", [AsyncTrivium, Trivium])
def test_every_operation_has_a_method(client: type) -> None:
    assert {one.name for one in operations(document())} <= set(dir(client))
