"""OAuth clients can read every refusal of the token and revocation endpoints, whatever its origin.

RFC 6749, section 5.2: `application/json`, with `error` and `error_description`. It is a problem as well.
"""

import re
from typing import Any

import pytest
from httpx import AsyncClient, Response

from auth.config import Settings
from tests.auth.conftest import client_of, refresh, running
from tests.common.serving import Streams, answer, connected, request, serving

DESCRIPTION = re.compile(r"[ !#-\[\]-~]+")
BOTH = pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke"])


def speaks_oauth(reply: Response, status: int, code: str, error: str) -> None:
    body = reply.json()
    assert (reply.status_code, body["status"], body["code"], body["error"]) == (status, status, code, error), body
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert DESCRIPTION.fullmatch(body["error_description"])
    assert {"type", "title", "detail", "instance"} <= body.keys()


@BOTH
async def test_what_cannot_be_read_is_an_invalid_request(client: AsyncClient, path: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    speaks_oauth(await client.post(path, json={}), 415, "unsupported-media-type", "invalid_request")
    speaks_oauth(await client.post(path, data={"token": "x" * 17_000}), 413, "body-too-large", "invalid_request")
    speaks_oauth(await client.get(path), 405, "method-not-allowed", "invalid_request")
    field, bare = ("token", "x=y") if path.endswith("revoke") else ("username", "grant_type=password")
    speaks_oauth(
        await client.post(path, content=f"{field}=%00", headers=form), 422, "validation-failed", "invalid_request"
    )
    speaks_oauth(await client.post(path, content=bare, headers=form), 400, "invalid-request", "invalid_request")


async def test_a_description_has_only_the_characters_that_rfc_6749_lets_it_have(client: AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "svc:users", "client_secret": "x", "audience": '"\\é'}
    reply = await client.post("/auth/token", data=form)
    assert DESCRIPTION.fullmatch(reply.json()["error_description"])


async def test_unknown_services_are_invalid_clients(client: AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "svc:users", "client_secret": "x"}
    reply = await client.post("/auth/token", data=form)
    speaks_oauth(reply, 401, "invalid-client", "invalid_client")
    assert reply.headers["www-authenticate"] == 'Basic realm="trivium"'


async def test_who_asks_too_often_is_told_when_to_come_back(settings: Settings) -> None:
    limits = {"rate_limits": True, "rate_limit_refresh": 1, "rate_limit_general": 3}
    async with running(settings.model_copy(update=limits)) as app, client_of(app) as client:
        speaks_oauth(await refresh(client, "rt1.dead"), 400, "invalid-grant", "invalid_grant")
        for _ in range(3):  # the route's own limit, and then the general one
            reply = await refresh(client, "rt1.dead")
            speaks_oauth(reply, 429, "rate-limited", "temporarily_unavailable")
            assert int(reply.headers["retry-after"]) > 0
        speaks_oauth(await client.post("/auth/revoke"), 429, "rate-limited", "temporarily_unavailable")


async def test_outages_are_no_dead_tokens(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(settings) as app, client_of(app) as client:
        for error, status, code, word in (
            (OSError("no connection"), 503, "database-unavailable", "temporarily_unavailable"),
            (RuntimeError("a fault of ours"), 500, "internal-error", "server_error"),
        ):

            async def fail(*_: object, error: Exception = error, **__: object) -> Any:
                raise error

            monkeypatch.setattr("auth.services.sign_in.SignInService.with_refresh_token", fail)
            monkeypatch.setattr("auth.services.sign_in.SignInService.revoke", fail)
            speaks_oauth(await refresh(client, "rt1.x"), status, code, word)
            speaks_oauth(await client.post("/auth/revoke", data={"token": "rt1.x"}), status, code, word)


@BOTH
async def test_so_are_those_that_the_server_makes_without_the_app(settings: Settings, path: str) -> None:
    """Shed requests, and heads that are too large."""

    def spoken(said: tuple[int, dict[str, str], Any]) -> tuple[int, str, str]:
        assert said[1]["content-type"] == "application/json"
        return said[0], said[2]["code"], said[2]["error"]

    async def ask(streams: Streams, *lines: str) -> tuple[int, str, str]:
        streams[1].write(request(path, "Content-Length: 0", *lines, method="POST"))
        return spoken(await answer(streams))

    async with running(settings) as app, serving(app, app.state.load_shedder) as port:
        async with connected(port) as streams:
            assert await ask(streams, "X: " + "y" * 16_384) == (431, "headers-too-large", "invalid_request")
        app.state.load_shedder.limits = dict.fromkeys(app.state.load_shedder.limits, 0)
        app.state.load_shedder.open_to_all = 0
        async with connected(port) as streams:
            assert await ask(streams) == (503, "overloaded", "temporarily_unavailable")
