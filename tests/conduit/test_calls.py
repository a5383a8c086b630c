"""conduit's calls: few, with the caller's own token, and again with a new one if that was refused."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from conduit.clients.recent import REMEMBERED, RecentProfiles
from conduit.config import Settings
from conduit.main import create_app
from conduit.services.records import OpenedSession, Profile
from tests.conduit.conftest import PATIENT, Network, NewPerson, Person, unique
from tests.matrix_table import operations
from tests.peers import ISSUER as SITE

MOST = 3
ROUTES = """
POST   /users                        2
POST   /users/login                  2
GET    /user                         1
PUT    /user                         2
GET    /profiles/{bob}               1
POST   /profiles/{bob}/follow        3
GET    /articles                     2
GET    /articles?author={bob}        2
GET    /articles?favorited={bob}&author={bob}&tag=t 2
GET    /articles?favorited={bob}     3
GET    /articles/feed                2
POST   /articles                     2
GET    /articles/{slug}              2
PUT    /articles/{slug}              3
POST   /articles/{slug}/favorite     3
DELETE /articles/{slug}/favorite     3
POST   /articles/{slug}/comments     3
GET    /articles/{slug}/comments     3
DELETE /articles/{slug}/comments/{comment} 3
GET    /tags                         1
DELETE /articles/{slug}              2
DELETE /profiles/{bob}/follow        3
"""
BODIES = {
    "POST /users": {"user": {"username": "counted", "email": "counted@example.com", "password": "password123"}},
    "POST /users/login": {"user": {"email": "counted@example.com", "password": "password123"}},
    "PUT /user": {"user": {"username": "counted_2", "bio": "b"}},
    "POST /articles": {"article": {"title": "t", "description": "d", "body": "b"}},
    "PUT /articles/{slug}": {"article": {"body": "c"}},
    "POST /articles/{slug}/comments": {"comment": {"body": "c"}},
}


NAMES = {"{username}": "{bob}", "{comment_id}": "{comment}", "/api/": "/"}


def served(app: FastAPI) -> set[str]:
    found = {operation for operation in operations(app) if " /api/" in operation}
    for name, here in NAMES.items():
        found = {operation.replace(name, here) for operation in found}
    return found


async def test_every_route_makes_at_most_three_calls(app: FastAPI, outgoing: Network, new_person: NewPerson) -> None:
    ada, bob = await new_person(), await new_person()
    written = await bob.publish(tagList=["t"])
    await bob.send("POST", f"/articles/{written['slug']}/favorite")
    await ada.send("POST", f"/profiles/{bob.name}/follow")
    slug = (await ada.publish())["slug"]
    comment = (await ada.send("POST", f"/articles/{slug}/comments", comment={"body": "c"})).json()["comment"]["id"]
    lines = [line.split() for line in ROUTES.strip().splitlines()]
    assert {f"{method} {path.partition('?')[0]}" for method, path, _ in lines} == served(app)
    for method, path, most in lines:
        outgoing.calls.clear()
        url = path.format(bob=bob.name, slug=slug, comment=comment)
        reply = await ada.send(method, url, **BODIES.get(f"{method} {path}", {}))
        assert reply.is_success, f"{method} {url}: {reply.text}"
        assert (path, len(outgoing.calls)) == (path, int(most)), outgoing.calls
        assert len(outgoing.calls) <= MOST


@pytest.fixture
async def elsewhere(stack: Network) -> AsyncIterator[tuple[AsyncClient, Network, FastAPI]]:
    """Another process of conduit, which has seen no session yet."""
    network = Network(stack.apps)
    app = create_app(Settings.model_validate(PATIENT), network)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://conduit.test") as client,
    ):
        yield client, network, app


def there(person: Person, client: AsyncClient) -> Person:
    return replace(person, client=client)


async def test_a_process_that_meets_a_session_asks_auth_once(
    new_person: NewPerson, elsewhere: tuple[AsyncClient, Network, FastAPI]
) -> None:
    client, network, app = elsewhere
    ada = there(await new_person(), client)
    assert (await ada.send("GET", "/user")).status_code == 200
    assert network.calls == ["auth POST /auth/conduit/renewals", "users GET /users/me"]
    network.calls.clear()
    assert (await ada.send("GET", "/user")).status_code == 200
    assert network.calls == ["users GET /users/me"]
    network.calls.clear()
    app.state.verifier.now = lambda: 1e12  # much later
    assert (await ada.send("GET", "/user")).status_code == 200
    assert network.calls[0] == "auth POST /auth/conduit/renewals"


async def test_a_refused_access_token_is_replaced_and_the_call_repeated(
    new_person: NewPerson, elsewhere: tuple[AsyncClient, Network, FastAPI]
) -> None:
    """As after a change of roles, which revokes access tokens and no sessions."""
    client, network, app = elsewhere
    ada = there(await new_person(), client)
    sessions = app.state.verifier
    for method, path, body in (
        ("GET", "/user", {}),
        ("PUT", "/user", {"user": {"bio": "b", "username": "replaced"}}),
        ("POST", "/articles", {"article": {"title": "t", "description": "d", "body": "b"}}),
    ):
        await ada.send("GET", "/user")
        held = sessions.held[ada.token]
        spoilt = replace(held.session, access_token="x" * 20)
        sessions.held[ada.token] = replace(held, session=spoilt, had_at=held.had_at - 10)
        reply = await ada.send(method, path, **body)
        assert reply.is_success, reply.text
        assert network.calls.count("auth POST /auth/conduit/renewals") >= 1
        network.calls.clear()


async def test_an_ended_session_is_refused(
    stack: Network, new_person: NewPerson, elsewhere: tuple[AsyncClient, Network, FastAPI]
) -> None:
    client, _, app = elsewhere
    ada = there(await new_person(), client)
    assert (await ada.send("GET", "/user")).status_code == 200
    access = {"Authorization": f"Bearer {app.state.verifier.held[ada.token].session.access_token}"}
    transport = ASGITransport(stack.apps["auth"], raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://auth.test") as auth:
        (session,) = (await auth.get("/auth/sessions", headers=access)).json()["items"]
        assert (await auth.delete(f"/auth/sessions/{session['id']}", headers=access)).status_code == 204
    app.state.verifier.now = lambda: 1e12
    for reply in (await ada.send("GET", "/user"), await ada.send("GET", "/articles")):
        assert (reply.status_code, reply.json()["errors"]) == (401, {"token": ["is invalid"]})
    login = {"user": {"email": ada.email, "password": "password123"}}
    signed_in = await client.post("/api/users/login", json=login, headers={"Authorization": f"Token {ada.token}"})
    assert signed_in.status_code == 200  # in spite of its old token


async def test_a_service_that_is_away_is_told_as_such(
    new_person: NewPerson, elsewhere: tuple[AsyncClient, Network, FastAPI]
) -> None:
    client, network, _ = elsewhere
    ada, bob = there(await new_person(), client), await new_person()
    assert (await ada.send("GET", "/user")).status_code == 200
    network.away.add("posts")
    reply = await ada.send("GET", "/articles")
    assert (reply.status_code, reply.json()["errors"].keys()) == (503, {"request"})
    followed = await ada.send("POST", f"/profiles/{bob.name}/follow")
    assert followed.json()["profile"]["following"] is True  # the feed gets it by an event
    network.away.add("users")
    assert (await ada.send("GET", "/user")).status_code == 503
    network.away.clear()


@pytest.mark.parametrize(("written", "shown", "calls"), [(150, 150, 4), (501, 500, 7)])
async def test_comments_are_one_list_up_to_500(
    client: AsyncClient, stack: Network, new_person: NewPerson, outgoing: Network, written: int, shown: int, calls: int
) -> None:
    ada = await new_person()
    slug = (await ada.publish())["slug"]
    number = int(slug.rpartition("-")[2])
    reads = stack.apps["posts"].state.database.engine
    async with reads.connect() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO comments (post_id, author_id, body) SELECT $1::bigint, author_id, n::text"
            " FROM posts, generate_series(1, $2::int) AS n WHERE posts.id = $1",
            (number, written),
        )
        await connection.commit()
    outgoing.calls.clear()
    comments = (await client.get(f"/api/articles/{slug}/comments")).json()["comments"]
    assert [int(one["body"]) for one in comments] == list(range(1, shown + 1))
    assert len(outgoing.calls) == calls


@pytest.mark.parametrize("slug", ["%2E", "%2e%2E"])
async def test_a_slug_of_dots_reaches_no_other_path(new_person: NewPerson, outgoing: Network, slug: str) -> None:
    ada = await new_person()
    outgoing.calls.clear()
    for method, end in (
        ("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/favorite"), ("DELETE", "/favorite"), ("GET", "/comments"),
    ):  # fmt: skip
        reply = await ada.send(method, f"/articles/{slug}{end}", **({"article": {}} if method == "PUT" else {}))
        assert (reply.status_code, reply.json()["errors"]) == (404, {"article": ["not found"]}), (method, end)
    assert outgoing.calls == []


async def test_a_repeated_creation_with_a_key_has_one_effect(new_person: NewPerson) -> None:
    ada = await new_person()
    headers = {"Authorization": f"Token {ada.token}", "Idempotency-Key": "once"}
    body = {"article": {"title": "t", "description": "d", "body": "b"}}
    replies = [await ada.client.post("/api/articles", json=body, headers=headers) for _ in range(2)]
    assert {reply.json()["article"]["slug"] for reply in replies} == {replies[0].json()["article"]["slug"]}


async def test_limits_of_the_other_services_reach_the_caller(new_person: NewPerson, stack: Network) -> None:
    ada = await new_person()
    limits = stack.apps["users"].state.rate_limits
    counter = limits._counters["general"]
    try:
        limits.on, before, counter.limit = True, counter.limit, 0
        reply = await ada.send("GET", "/user")
    finally:
        limits.on, counter.limit = False, before
    assert (reply.status_code, reply.json()["errors"].keys()) == (429, {"request"})
    assert int(reply.headers["retry-after"]) >= 1


def test_nothing_of_a_session_is_printed() -> None:
    assert "secret" not in repr(OpenedSession("secret-1", "secret-2", 300, 7))


async def test_people_without_a_username_change_only_their_profile(client: AsyncClient, stack: Network) -> None:
    email = f"{unique('elsewhere')}@example.com"
    person = {"email": email, "password": "a long enough passphrase", "name": "Ada"}
    async with AsyncClient(transport=ASGITransport(stack.apps["auth"]), base_url="http://auth.test") as auth:
        assert (await auth.post("/auth/register", json=person)).status_code == 201
    credentials = {"email": email, "password": person["password"]}
    told = (await client.post("/api/users/login", json={"user": credentials})).json()["user"]
    ada = Person(client, told["username"], email, told["token"])
    for changes in ({"password": "password"}, {"email": f"new{email}"}, {"username": unique("named")}):
        reply = await ada.send("PUT", "/user", user=changes)
        assert (reply.status_code, reply.json()["errors"]) == (403, {"username": ["is needed"]})
    assert (await ada.send("PUT", "/user", user={"bio": "Poetical."})).json()["user"]["bio"] == "Poetical."


async def test_a_sign_up_tells_auth_the_callers_language(client: AsyncClient, stack: Network) -> None:
    name = unique("deutsch")
    user = {"username": name, "email": f"{name}@example.com", "password": "password123"}
    reply = await client.post("/api/users", json={"user": user}, headers={"Accept-Language": "de-AT, en;q=0.5"})
    transport = ASGITransport(stack.apps["auth"], raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://auth.test") as auth:
        token = {"token": reply.json()["user"]["token"]}
        access = (await auth.post("/auth/conduit/renewals", json=token)).json()["access_token"]
        mine = await auth.get("/auth/me", headers={"Authorization": f"Bearer {access}"})
    assert mine.json()["locale"] == "de"


async def test_lists_for_visitors_ask_for_their_authors_once_a_second(
    new_person: NewPerson, elsewhere: tuple[AsyncClient, Network, FastAPI]
) -> None:
    client, network, app = elsewhere
    ada = there(await new_person(), client)
    tag = unique("tag")
    await ada.publish(tagList=[tag])
    later, recent = 0.0, app.state.peers.recent
    recent.now = lambda: later

    async def seen_by_visitors() -> tuple[str | None, list[str]]:
        network.calls.clear()
        reply = await client.get("/api/articles", params={"tag": tag})
        return reply.json()["articles"][0]["author"]["bio"], network.calls[:]

    page, authors = "posts GET /posts/numbered", "users GET /users"
    assert await seen_by_visitors() == (None, [page, authors])
    assert (await ada.send("PUT", "/user", user={"bio": "Poetical science."})).status_code == 200
    assert await seen_by_visitors() == (None, [page])
    own = await ada.send("GET", f"/articles?tag={tag}")
    assert own.json()["articles"][0]["author"]["bio"] == "Poetical science.", "a caller with a token sees the latest"
    later = 1.1
    assert await seen_by_visitors() == ("Poetical science.", [page, authors])


def profile(number: int, bio: str | None = None) -> Profile:
    return Profile(number, f"~{number}", bio, None, following=False)


def test_profiles_are_kept_for_visitors_up_to_a_number() -> None:
    recent = RecentProfiles(now=lambda: 0.0)
    for number in range(2 * REMEMBERED):
        recent.keep([profile(number)], 0.0)
        assert recent.among({number}).keys() == {number}
        assert len(recent.read_at) <= REMEMBERED


def test_an_answer_that_was_asked_for_earlier_replaces_none() -> None:
    recent = RecentProfiles(now=lambda: 1.5)
    recent.keep([profile(1, "late")], 1.0)
    recent.keep([profile(1, "slow"), profile(2, "slow")], 0.4)
    assert recent.among({1, 2}) == {1: profile(1, "late")}, "the second is older than a second on its arrival"


async def test_a_picture_of_this_site_is_known_by_its_whole_address(new_person: NewPerson) -> None:
    """And must be one's own."""
    ada = await new_person()
    reply = await ada.send("PUT", "/user", user={"image": f"{SITE}/users/pictures/{'0' * 32}.webp"})
    assert (reply.status_code, reply.json()["errors"]) == (422, {"image": ["You have no such picture."]})
