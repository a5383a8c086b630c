# file: only with posts
"""The client for Python against a running stack, for asyncio and for threads."""

import asyncio
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

from deploy.clients.made import CLIENTS
from tests.system.conftest import Meet, example
from tests.waiting import GENEROUS
from trivium_client import AsyncTrivium, Tokens, Trivium, problems
from trivium_client.models import CommentCreate, PostCreate, PostUpdate, UserCreate

CALLERS = 20
DRAFT = PostCreate(title="First light", body="It was a clear night.", tags=["astronomy"])
pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("gateway")]


class Network(httpx.AsyncHTTPTransport):
    """Counts requests, and loses the answer to the next one of these methods."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()
        self.losing: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent[f"{request.method} {request.url.path}"] += 1
        answer = await super().handle_async_request(request)
        if request.method not in self.losing:
            return answer
        self.losing.remove(request.method)
        await answer.aread()
        raise httpx.ReadError("the answer was lost")


def refused(tokens: Tokens | None) -> Tokens:
    """The same session, with an access token that is no longer accepted."""
    assert tokens
    return replace(tokens, access_token="expired")


def test_the_example_prints_what_its_readme_says(url: str) -> None:
    program, printed = example(CLIENTS / "python" / "README.md", "python", url)
    command = [sys.executable, "-W", "error", "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=GENEROUS).stdout == printed


def test_the_demo_ends_as_it_expects(url: str) -> None:
    command = [sys.executable, "-m", "deploy.local.demo", url]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=GENEROUS).stdout
    assert told.endswith("The demo is finished: every answer was as expected.\n")


async def test_twenty_callers_share_one_renewal(url: str, meet: Meet) -> None:
    ada, network = await meet("Ada"), Network()
    tokens = Tokens("expired", ada.tokens["refresh_token"])
    async with AsyncTrivium(url, tokens=tokens, timeout=GENEROUS, http=httpx.AsyncClient(transport=network)) as api:
        accounts = await asyncio.gather(*(api.get_own_account() for _ in range(CALLERS)))
        assert {account.id for account in accounts} == {ada.id}
        assert network.sent == {"GET /auth/me": 2 * CALLERS, "POST /auth/token": 1}
        await api.sign_out()
        with pytest.raises(problems.SignInRequired):
            await api.get_own_account()


async def test_lost_answers_change_nothing(url: str, meet: Meet) -> None:
    ada, network = await meet("Ada"), Network()
    async with AsyncTrivium(url, timeout=GENEROUS, http=httpx.AsyncClient(transport=network)) as api:
        await api.sign_in(ada.email, ada.password)
        network.losing = {"POST"}
        post = await api.create_post(DRAFT)
        network.losing = {"PUT"}
        await api.like_post(post.id)
        network.losing = {"PATCH"}
        assert (await api.revise_post(post.id, PostUpdate(title="Second light"))).title == "Second light"
        network.losing = {"POST"}
        await api.add_comment(post.id, CommentCreate(body="Well seen."))
        now = await api.get_post(post.id)
        assert [one.id async for one in api.iterate(api.list_posts, author_id=ada.id)] == [post.id]
        assert (now.likes_count, now.comments_count, now.title) == (1, 1, "Second light")
        network.losing = {"DELETE"}
        await api.delete_post(post.id)
        assert network.losing == set()
        with pytest.raises(problems.PostNotFound):
            await api.get_post(post.id)


async def test_the_same_key_creates_once_also_for_the_next_process(url: str, meet: Meet) -> None:
    ada, key = await meet("Ada"), secrets.token_hex(8)
    tokens = Tokens(ada.tokens["access_token"], ada.tokens["refresh_token"])
    async with AsyncTrivium(url, tokens=tokens, timeout=GENEROUS) as api:
        first = await api.create_post(DRAFT, idempotency_key=key)
        assert await api.create_post(DRAFT, idempotency_key=key) == first
        with pytest.raises(problems.IdempotencyKeyReused):
            await api.create_post(PostCreate(title="Another", body="Clear."), idempotency_key=key)


@pytest.fixture
def ada(url: str) -> Iterator[Trivium]:
    """A person who has signed up and signed in with the client for threads."""
    new = UserCreate(email=f"{secrets.token_hex(8)}@example.com", password=secrets.token_urlsafe(16), name="Ada")
    with Trivium(url, timeout=GENEROUS) as api:
        api.register(new)
        api.sign_in(new.email, new.password)
        yield api


def test_an_edit_of_an_old_version_is_refused(ada: Trivium) -> None:
    post = ada.create_post(DRAFT)
    revised = ada.revise_post(post.id, PostUpdate(title="Second light"), if_match=post.etag)
    with pytest.raises(problems.PreconditionFailed) as late:
        ada.revise_post(post.id, PostUpdate(title="Too late"), if_match=post.etag)
    assert late.value.code == "precondition-failed"
    assert ada.get_post(post.id) == revised


def test_lists_are_read_to_their_end(ada: Trivium) -> None:
    me = ada.get_own_account().id
    titles = [f"Night {number}" for number in range(5)]
    for title in titles:
        ada.create_post(PostCreate(title=title, body="Clear."))
    assert [one.title for one in ada.iterate(ada.list_posts, author_id=me, limit=2)] == titles[::-1]
    assert ada.export_own_data().complete


def test_twenty_threads_share_one_renewal(url: str, ada: Trivium) -> None:
    told: list[Tokens | None] = []
    shared = Trivium(url, tokens=refused(ada.tokens), on_tokens=told.append, timeout=GENEROUS)
    with shared, ThreadPoolExecutor(CALLERS) as threads:
        accounts = list(threads.map(lambda _: shared.get_own_account().id, range(CALLERS)))
    assert accounts == [ada.get_own_account().id] * CALLERS
    assert told == [shared.tokens]


def test_wrong_fields_are_named(ada: Trivium) -> None:
    with pytest.raises(problems.ValidationFailed) as refused:
        ada.create_post(PostCreate(title="", body="Clear."))
    assert [error["loc"] for error in refused.value.errors] == [["body", "title"]]
