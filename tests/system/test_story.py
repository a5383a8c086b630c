"""A new user's first requests, through the gateway."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from httpx import AsyncClient

from tests.pictures import opened, uploaded
from tests.system.conftest import Meet
from tests.waiting import eventually

pytestmark = pytest.mark.stack
T = TypeVar("T")


# begin: only with posts
async def within_a_second(look: Callable[[], Awaitable[T]], expected: T) -> None:
    """Wait for the effect of an event: within a second on an idle machine."""

    async def is_seen() -> bool:
        return await look() == expected

    await eventually(is_seen)


# end: only with posts


# begin: only with posts
async def test_people_sign_up_follow_write_like_and_comment(gateway: AsyncClient, meet: Meet) -> None:
    ada, grace = await meet("Ada"), await meet("Grace")

    profile = await gateway.get(f"/users/{ada.id}")  # at once, before any other service knows Ada
    assert (profile.status_code, profile.json()["name"], profile.json()["email"]) == (200, "Ada", None)

    new = {"title": "First light", "body": "It was a clear night.", "tags": ["astronomy"]}
    post = (await gateway.post("/posts", json=new, headers=ada.headers)).json()
    assert post["author"] == {"id": ada.id, "name": "Ada", "avatar_url": None}

    assert (await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)).status_code == 204

    async def feed() -> list[int]:
        return [item["id"] for item in (await gateway.get("/posts/feed", headers=grace.headers)).json()["items"]]

    async def posts_count() -> int:
        count: int = (await gateway.get(f"/users/{ada.id}")).json()["posts_count"]
        return count

    await within_a_second(feed, [post["id"]])
    await within_a_second(posts_count, 1)
    assert (await gateway.put(f"/posts/{post['id']}/like", headers=grace.headers)).status_code == 204
    said = await gateway.post(f"/posts/{post['id']}/comments", json={"body": "Well seen."}, headers=grace.headers)
    assert said.json()["author"]["name"] == "Grace"

    renamed = await gateway.patch("/users/me", json={"name": "Countess"}, headers=ada.headers)
    assert renamed.status_code == 200

    async def author() -> str:
        name: str = (await gateway.get(f"/posts/{post['id']}")).json()["author"]["name"]
        return name

    await within_a_second(author, "Countess")
    seen = (await gateway.get(f"/posts/{post['id']}")).json()
    assert (seen["likes_count"], seen["comments_count"], seen["liked"]) == (1, 1, None)


# end: only with posts


# begin: only with posts
async def test_a_block_ends_following_and_talking_within_a_second(gateway: AsyncClient, meet: Meet) -> None:
    ada, grace = await meet("Ada"), await meet("Grace")
    new = {"title": "First light", "body": "It was a clear night."}
    post = (await gateway.post("/posts", json=new, headers=ada.headers)).json()["id"]

    async def feed() -> list[int]:
        return [item["id"] for item in (await gateway.get("/posts/feed", headers=grace.headers)).json()["items"]]

    async def like() -> int:
        return (await gateway.put(f"/posts/{post}/like", headers=grace.headers)).status_code

    assert (await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)).status_code == 204
    await within_a_second(feed, [post])
    assert await like() == 204
    assert (await gateway.put(f"/users/{grace.id}/block", headers=ada.headers)).status_code == 204
    nothing: list[int] = []
    await within_a_second(feed, nothing)
    await within_a_second(like, 403)


# end: only with posts


async def test_an_avatar_is_uploaded_and_shown(gateway: AsyncClient, meet: Meet) -> None:
    """In containers, too, where the encoder finds our packages only by its path. `overlays/local` has no store."""
    ada = await meet("Ada")
    offered = await gateway.post("/users/pictures", headers=ada.headers)
    if offered.status_code == 404:
        assert offered.json()["code"] == "pictures-off"
        return
    avatar = await uploaded(gateway, "users", ada.headers)
    chosen = await gateway.patch("/users/me", json={"avatar_url": avatar["url"]}, headers=ada.headers)
    assert chosen.json()["avatar_url"] == avatar["url"]
    shown = await gateway.get(avatar["small_url"])
    assert (shown.status_code, opened(shown.content).size) == (200, (64, 64))


async def test_a_session_goes_on_by_refresh_and_ends_by_revoke(gateway: AsyncClient, meet: Meet) -> None:
    ada = await meet("Ada")
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    fresh = (await gateway.post("/auth/token", data=form)).json()
    assert fresh["refresh_token"] != ada.tokens["refresh_token"]
    me = await gateway.get("/users/me", headers={"Authorization": f"Bearer {fresh['access_token']}"})
    assert me.json()["email"] == ada.email
    assert (await gateway.post("/auth/revoke", data={"token": fresh["refresh_token"]})).status_code == 200
    ended = await gateway.post("/auth/token", data={**form, "refresh_token": fresh["refresh_token"]})
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")


async def test_the_docs_show_the_services(gateway: AsyncClient) -> None:
    page = await gateway.get((await gateway.get("/", headers={"Accept": "application/json"})).json()["docs"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await gateway.get("/docs/static/swagger-ui-bundle.js")).status_code == 200
    document = (await gateway.get("/openapi.json")).json()
    assert {"/auth/token", "/users/me"} <= document["paths"].keys()


async def test_what_is_internal_stays_inside(gateway: AsyncClient, meet: Meet) -> None:
    """S-28, S-43."""
    ada = await meet("Ada")
    hidden = [
        f"/internal/accounts/{ada.id}",
        f"/internal/profiles?ids={ada.id}",
        f"/users/../internal/profiles?ids={ada.id}",
        f"/users/%2e%2e/internal/profiles?ids={ada.id}",
        f"/users/..%2finternal/profiles?ids={ada.id}",
        f"//internal/profiles?ids={ada.id}",
        f"/users//../../internal/profiles?ids={ada.id}",
        "/metrics",
        "/livez",
        "/readyz",
        "/nothing",
    ]
    for path in hidden:
        reply = await gateway.get(path, headers=ada.headers)
        assert reply.status_code in (404, 422), path
        assert reply.headers["content-type"] == "application/problem+json", path


async def test_every_answer_has_the_security_headers_and_names_no_software(gateway: AsyncClient) -> None:
    """S-42: from each of the services, from the gateway itself, and refusals, too."""
    for path in ("/.well-known/jwks.json", "/auth/me", "/users/7", "/users/x", "/users?q=a", "/healthz", "/nothing"):
        headers = (await gateway.get(path)).headers
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer"), path
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'", path
        assert headers["cache-control"] in ("no-store", "public, max-age=300"), path
    for path in ("/", "/docs", "/docs/nothing", "/users?q=a", "/users/x", "/healthz", "/nothing"):
        assert {"server", "via", "x-powered-by"}.isdisjoint((await gateway.get(path)).headers), path


async def test_verbs_that_nobody_takes_are_refused(gateway: AsyncClient) -> None:
    """S-43: TRACE would echo the request's headers."""
    for path in ("/auth/me", "/users/me"):
        for verb in ("TRACE", "PROPFIND"):
            reply = await gateway.request(verb, path, headers={"X-Canary": "canary"})
            assert (reply.status_code, "GET" in reply.headers["allow"]) == (405, True), f"{verb} {path}"
            assert "canary" not in reply.text


async def test_what_the_client_says_of_its_address_is_not_believed(gateway: AsyncClient) -> None:
    """S-13: these headers do not change the answers, whatever their values."""
    forged = {"X-Forwarded-For": "1.2.3.4, <script>", "Forwarded": "for=1.2.3.4", "X-Real-IP": "x", "X-User-Id": "1"}
    assert (await gateway.get("/users?q=a", headers=forged)).status_code == 200
    assert (await gateway.get("/users/me", headers=forged)).status_code == 401
