"""The session of the client for Python: its renewal, and the stored tokens."""

import asyncio
from urllib.parse import parse_qs

import httpx
import pytest

from tests.clients.conftest import ADA, Server, refusal
from trivium_client import AsyncTrivium, Tokens, models, problems


def account() -> httpx.Response:
    return httpx.Response(200, json=ADA)


def renewed(number: int) -> httpx.Response:
    tokens = {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_in": 300,
        "scope": "api",
    }
    return httpx.Response(200, json=tokens)


def refused() -> httpx.Response:
    return refusal(401, "invalid-token", retry_after="")


class Session(Server):
    """Refuses all tokens but `access-2`, whatever the order of the requests."""

    def __init__(self, refresh: httpx.Response, *, first_takes_long: bool = False) -> None:
        super().__init__()
        self.refresh = refresh
        self.first_renewal = asyncio.Event()
        self.first_takes_long = first_takes_long

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)  # so that all callers send before one of them goes on
        if request.url.path != "/auth/token":
            return account() if request.headers["Authorization"] == "Bearer access-2" else refused()
        if self.first_takes_long and not self.first_renewal.is_set():
            self.first_renewal.set()
            await asyncio.Event().wait()
        return self.refresh


async def test_a_refused_token_is_renewed_and_the_new_ones_are_told(tokens: Tokens) -> None:
    told: list[Tokens | None] = []
    server = Server(refused(), renewed(2), account())
    api = server.client(tokens=tokens, on_tokens=told.append)
    assert (await api.get_own_account()).id == 7
    assert told == [api.tokens] == [Tokens("access-2", "refresh-2")]
    assert server.requests[1].content == b"grant_type=refresh_token&refresh_token=refresh-1"
    assert server.requests[2].headers["Authorization"] == "Bearer access-2"


async def test_an_ended_session_is_forgotten_by_all_callers(tokens: Tokens) -> None:
    told: list[Tokens | None] = []
    server = Session(refresh=refusal(400, "invalid-grant"))
    api = server.client(tokens=tokens, on_tokens=told.append)
    outcomes = await asyncio.gather(*[api.get_own_account() for _ in range(5)], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [problems.InvalidToken] * 5
    assert (told, api.tokens, server.sent.count("POST /auth/token")) == ([None], None, 1)


async def test_an_overloaded_server_does_not_end_the_session(tokens: Tokens) -> None:
    server = Server(refused(), *[refusal(503, "database-unavailable") for _ in range(4)])
    api = server.client(tokens=tokens)
    with pytest.raises(problems.DatabaseUnavailable):
        await api.get_own_account()
    assert api.tokens == tokens


async def test_a_lost_renewal_is_repeated_with_the_same_token(tokens: Tokens) -> None:
    server = Server(refused(), httpx.ReadError("reset"), renewed(2), account())
    await server.client(tokens=tokens).get_own_account()
    assert server.requests[1].content == server.requests[2].content


async def test_a_renewed_token_that_is_refused_is_not_renewed_again(tokens: Tokens) -> None:
    server = Server(refused(), renewed(2), refused())
    with pytest.raises(problems.InvalidToken):
        await server.client(tokens=tokens).get_own_account()
    assert len(server.requests) == 3


async def test_a_caller_who_gives_up_during_a_renewal_leaves_it_to_the_next(tokens: Tokens) -> None:
    server = Session(refresh=renewed(2), first_takes_long=True)
    api = server.client(tokens=tokens)
    first, second = (asyncio.create_task(api.get_own_account()) for _ in range(2))
    await server.first_renewal.wait()
    first.cancel()
    assert (await second).id == 7
    assert first.cancelled()


async def test_signing_out_forgets_the_tokens_even_without_a_server(tokens: Tokens) -> None:
    told: list[Tokens | None] = []
    server = Server(refusal(500, "internal-error"))
    api = server.client(tokens=tokens, on_tokens=told.append)
    with pytest.raises(problems.InternalError):
        await api.sign_out()
    assert (api.tokens, told) == (None, [None])
    assert server.requests[0].content == b"token=refresh-1&token_type_hint=refresh_token"


def test_tokens_are_not_printed(tokens: Tokens) -> None:
    assert repr(tokens) == "Tokens()"


async def test_within_shares_the_session(tokens: Tokens) -> None:
    server = Server(refused(), renewed(2), account())
    api = server.client(tokens=tokens)
    hurried: AsyncTrivium = api.within(5)
    await hurried.get_own_account()
    assert api.tokens == Tokens("access-2", "refresh-2")


async def test_a_step_up_is_asked_for_at_once_and_its_token_is_kept(tokens: Tokens) -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_user_authentication", max_age="600"'}
    needed = refusal(401, "insufficient-user-authentication", retry_after="")
    needed.headers.update(challenge)
    stepped = httpx.Response(200, json={"access_token": "access-9", "expires_in": 300, "scope": "api"})
    server = Server(needed, stepped, account())
    api = server.client(tokens=tokens)
    with pytest.raises(problems.InsufficientUserAuthentication):
        await api.get_own_account()
    await api.keep(await api.step_up_session(models.StepUpProof(code="492039")))
    assert api.tokens == Tokens("access-9", "refresh-1")
    assert (await api.get_own_account()).id == 7
    assert [request.url.path for request in server.requests] == ["/auth/me", "/auth/sign-in/step-up", "/auth/me"]


async def test_a_second_step_begins_a_session() -> None:
    needed = {
        "state": "second-factor-needed",
        "challenge": "x",
        "methods": ["code"],
        "may_trust_device": False,
        "expires_in": 300,
    }
    done = {"state": "signed-in", "access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 300}
    server = Server(httpx.Response(200, json=needed), httpx.Response(200, json={**done, "scope": "api"}))
    api = server.client()
    first = await api.sign_in_with_password(models.PasswordSignIn(email="ada@example.com", password="x"))
    assert isinstance(first, models.SecondFactorNeeded)
    second = models.SecondStepSignIn(challenge=first.challenge, code="492039")
    await api.keep(await api.sign_in_with_second_factor(second))
    assert api.tokens == Tokens("access-1", "refresh-1")


KEY = "trv_00000000000000000000000000000000000000000002UgL5r"


def exchanged(number: int) -> httpx.Response:
    token = {"access_token": f"access-{number}", "expires_in": 300, "scope": "auth:read"}
    return httpx.Response(200, json=token)


async def test_an_api_key_is_exchanged_again_when_its_token_is_refused() -> None:
    told: list[Tokens | None] = []
    server = Server(exchanged(1), account(), refused(), exchanged(2), account())
    api = server.client(on_tokens=told.append)
    await api.sign_in_with_key(KEY)
    for _ in range(2):
        assert (await api.get_own_account()).id == 7
    assert told == [Tokens("access-1", KEY), Tokens("access-2", KEY)]
    form = parse_qs(server.requests[3].content.decode())
    assert (form["subject_token"], server.requests[3].content) == ([KEY], server.requests[0].content)
    assert server.requests[4].headers["Authorization"] == "Bearer access-2"


async def test_a_revoked_api_key_is_forgotten_and_signing_out_asks_nobody() -> None:
    server = Server(exchanged(1), refused(), refusal(400, "invalid-subject-token"), exchanged(3))
    api = server.client()
    await api.sign_in_with_key(KEY)
    with pytest.raises(problems.InvalidToken):
        await api.get_own_account()
    assert api.tokens is None
    await api.sign_in_with_key(KEY)
    await api.sign_out()
    assert (api.tokens, len(server.requests)) == (None, 4)
