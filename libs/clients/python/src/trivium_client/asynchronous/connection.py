"""What all operations share: the session, its renewal, deadlines and retries."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from copy import copy
from importlib.metadata import version
from typing import Any, Final, ParamSpec, Protocol, Self, TypeVar

from httpx import AsyncClient, RequestError, Response

from trivium_client.answers import M, choose, problem_of, read
from trivium_client.asynchronous.waiting import Lock, sleep, within
from trivium_client.calls import Call, Deadline
from trivium_client.errors import DeadlineExceeded, NoAnswer
from trivium_client.models import NewSession, TokenResponse
from trivium_client.problems import InvalidGrant, InvalidSubjectToken
from trivium_client.retries import Outcome, is_unknown, pause_after
from trivium_client.tokens import (
    OnTokens,
    Tokens,
    exchanging,
    ignore,
    renewing,
    signing_in,
    signing_out,
    tokens_of,
    wants_proof,
)

USER_AGENT: Final = f"trivium-client/{version('trivium-client')}"
P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """One page of a list."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


class Session:
    """The tokens, shared by all calls. Only the holder of the lock replaces them."""

    def __init__(self, tokens: Tokens | None, on_tokens: OnTokens) -> None:
        self.lock = Lock()
        self.tokens = tokens
        self._on_tokens = on_tokens

    def replace(self, tokens: Tokens | None) -> None:
        self.tokens = tokens
        self._on_tokens(tokens)


class Connection:
    """A connection to the API, for one person or none.

    Args:
        base_url: The address of the gateway.
        tokens: The tokens of an earlier session, as `on_tokens` got them.
        on_tokens: Is called with each new pair of tokens, and with None when the session has ended.
        timeout: Seconds for one call, with its retries.
        http: A client with settings of its own (proxies, certificates); it is closed together with this one.
    """

    def __init__(
        self,
        base_url: str,
        *,
        tokens: Tokens | None = None,
        on_tokens: OnTokens = ignore,
        timeout: float = 10.0,
        http: AsyncClient | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._session = Session(tokens, on_tokens)
        self._timeout = timeout
        self._http = http or AsyncClient(headers={"User-Agent": USER_AGENT})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. The session stays valid: `sign_out` ends it."""
        await self._http.aclose()

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of the session; None without one."""
        return self._session.tokens

    def within(self, seconds: float) -> Self:
        """The same connection and session, with another deadline: `await trivium.within(2).get_feed()`."""
        other = copy(self)
        other._timeout = seconds
        return other

    async def sign_in(self, email: str, password: str) -> None:
        """Start a session. The tokens are renewed when necessary.

        Raises:
            InvalidGrant: a wrong address or password, or an account with a second factor: use `sign_in_with_password`.
            SignInThrottled, SignInClosed: too many wrong passwords.
        """
        async with self._session.lock:
            answer = await self._send(signing_in(email, password))
            self._session.replace(tokens_of(read(TokenResponse, answer)))

    async def keep(self, answer: NewSession | TokenResponse) -> None:
        """Take over the tokens of a sign-in in two steps (`sign_in_with_second_factor`), or of `step_up_session`."""
        async with self._session.lock:
            self._session.replace(tokens_of(answer, self._session.tokens.refresh_token if self._session.tokens else ""))

    async def sign_in_with_key(self, key: str) -> None:
        """Use an API key. It is exchanged for access tokens when necessary.

        Raises:
            InvalidSubjectToken: the key is unknown, revoked or expired.
        """
        async with self._session.lock:
            answer = await self._send(exchanging(key))
            self._session.replace(tokens_of(read(TokenResponse, answer), key))

    async def sign_out(self) -> None:
        """End the session. If the server cannot be reached, the tokens are deleted here all the same.

        An API key is only forgotten: `revoke_api_key` ends it.
        """
        async with self._session.lock:
            tokens = self._session.tokens
            if tokens is None:
                return
            self._session.replace(None)
            if not tokens.by_key:
                await self._send(signing_out(tokens))

    async def iterate(
        self, list_page: Callable[P, Awaitable[Page[T]]], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[T]:
        """All items of a list, page by page: `async for post in trivium.iterate(trivium.list_posts, tag="rust")`."""
        while True:
            page = await list_page(*args, **kwargs)
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            kwargs["cursor"] = page.next_cursor

    async def _read(self, kind: type[M], call: Call) -> M:
        return read(kind, await self._send(call))

    async def _choose(self, kind: Any, call: Call) -> Any:
        return choose(kind, await self._send(call))

    async def _send(self, call: Call) -> Response:
        """The successful answer to a call. Renews a refused access token once.

        Raises:
            Problem: the API has refused the request, or has failed.
            NoAnswer: the server could not be reached, or not in time.
        """
        deadline = Deadline(self._timeout)
        async with within(self._timeout):
            tokens = self._session.tokens if call.signed else None
            answer = await self._repeat(call, tokens, deadline)
            if answer.status_code == 401 and tokens is not None and not wants_proof(answer):
                renewed = await self._renew(tokens, deadline)
                if renewed is not None:
                    answer = await self._repeat(call, renewed, deadline)
        if answer.is_success:
            return answer
        raise problem_of(answer)

    async def _renew(self, refused: Tokens, deadline: Deadline) -> Tokens | None:
        """Replace tokens that were refused; None if the session has ended. Concurrent callers share one renewal."""
        async with self._session.lock:
            if self._session.tokens != refused:
                return self._session.tokens
            answer = await self._repeat(renewing(refused), None, deadline)
            if answer.is_success:
                self._session.replace(tokens_of(read(TokenResponse, answer), refused.refresh_token))
                return self._session.tokens
            problem = problem_of(answer)
            if not isinstance(
                problem, InvalidGrant | InvalidSubjectToken
            ):  # others, such as overload, do not concern the session
                raise problem
            self._session.replace(None)
            return None

    async def _repeat(self, call: Call, tokens: Tokens | None, deadline: Deadline) -> Response:
        """The final answer to a call: repeats it while that is safe, useful and in time."""
        attempt, was_unknown = 1, False
        while True:
            outcome = await self._attempt(call, tokens, deadline)
            pause = pause_after(call, outcome, attempt)
            if pause is None or pause >= deadline.left():
                return self._final(call, outcome, deadline, was_unknown=was_unknown)
            attempt, was_unknown = attempt + 1, was_unknown or is_unknown(outcome)
            await sleep(pause)

    async def _attempt(self, call: Call, tokens: Tokens | None, deadline: Deadline) -> Outcome:
        headers = call.headers(tokens.access_token if tokens else None)
        timeout = min(deadline.left(), call.patience)
        try:
            return await self._http.request(
                call.method, self._base + call.target, content=call.content, headers=headers, timeout=timeout
            )
        except RequestError as error:
            return error

    def _final(self, call: Call, outcome: Outcome, deadline: Deadline, *, was_unknown: bool) -> Response:
        if isinstance(outcome, RequestError):
            kind = NoAnswer if deadline.left() else DeadlineExceeded
            raise kind(f"{call.method} {call.path}: {str(outcome) or type(outcome).__name__}") from outcome
        if call.method == "DELETE" and was_unknown and outcome.status_code == 404:
            return Response(204)  # the attempt whose answer was lost has deleted it
        return outcome
