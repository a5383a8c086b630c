"""The caller's account, by the RealWorld API."""

import pytest
from httpx import AsyncClient

from conduit.clients.people import ProfileAnswer
from tests.conduit.conftest import NewPerson, Person, unique
from tests.peers import ISSUER as SITE


async def test_a_new_user_is_signed_in(client: AsyncClient) -> None:
    name = unique("jake")
    user = {"username": name, "email": f"{name}@example.com", "password": "password"}
    reply = await client.post("/api/users", json={"user": user, "unknown": 1})
    assert reply.status_code == 201
    told = reply.json()["user"]
    assert told == {
        "email": user["email"],
        "token": told["token"],
        "username": name,
        "bio": None,
        "image": None,
    }
    for found in (
        await client.get("/api/user", headers={"Authorization": f"Token {told['token']}"}),
        await client.post("/api/users/login", json={"user": {"email": user["email"], "password": user["password"]}}),
    ):
        assert found.status_code == 200, found.text
        assert found.json()["user"] | {"token": ""} == told | {"token": ""}


async def test_a_name_or_address_is_given_once(client: AsyncClient, new_person: NewPerson) -> None:
    ada, name = await new_person(), unique("free")
    free = {"username": name, "email": f"{name}@example.com", "password": "password123"}
    for taken in ({"username": ada.name}, {"email": ada.email}, {"username": ada.name.upper()}):
        user = {**free, **taken}
        reply = await client.post("/api/users", json={"user": user})
        (key,) = taken
        assert (reply.status_code, reply.json()["errors"]) == (409, {key: ["has already been taken"]})
    reply = await client.post("/api/users", json={"user": free})
    assert reply.status_code == 201  # the refusals have left nothing behind


@pytest.mark.parametrize("field", ["username", "email", "password"])
@pytest.mark.parametrize("value", ["", None, "missing"])
async def test_a_blank_field_is_refused_by_its_name(client: AsyncClient, field: str, value: str | None) -> None:
    user: dict[str, str | None] = {"username": "blank", "email": "blank@example.com", "password": "password123"}
    user[field] = value
    if value == "missing":
        del user[field]
    for path in ("/api/users", *(["/api/users/login"] if field != "username" else [])):
        reply = await client.post(path, json={"user": user})
        assert (reply.status_code, reply.json()["errors"]) == (422, {field: ["can't be blank"]})


async def test_all_faults_are_told_at_once(client: AsyncClient) -> None:
    reply = await client.post("/api/users", json={"user": {"username": "", "email": 7}})
    assert reply.status_code == 422
    assert reply.json()["errors"].keys() == {"username", "email", "password"}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "user"),
        ({"user": None}, "user"),
        ({"user": 7}, "user"),
        ([], "body"),
        ({"user": {"username": []}}, "email"),
    ],
)
async def test_any_other_body_is_refused_in_the_same_form(client: AsyncClient, body: object, key: str) -> None:
    reply = await client.post("/api/users", json=body)
    assert reply.status_code == 422
    assert key in reply.json()["errors"]
    broken = await client.post("/api/users", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 422
    assert broken.json()["errors"].keys() == {"body"}


async def test_a_wrong_sign_in_tells_nothing(client: AsyncClient, new_person: NewPerson) -> None:
    ada = await new_person()
    for email in (ada.email, "nobody@example.com", "no address"):
        reply = await client.post("/api/users/login", json={"user": {"email": email, "password": "wrong password"}})
        assert (reply.status_code, reply.json()["errors"]) == (401, {"credentials": ["invalid"]})


async def test_protected_calls_need_a_good_token(client: AsyncClient) -> None:
    for header, said in (
        ({}, "is missing"),
        ({"Authorization": "Bearer abc"}, "is missing"),
        ({"Authorization": "Token abc"}, "is invalid"),
        ({"Authorization": f"Token st1.{'0' * 8}.{'0' * 32}.{'A' * 43}"}, "is invalid"),
    ):
        reply = await client.get("/api/user", headers=header)
        assert (reply.status_code, reply.json()["errors"]) == (401, {"token": [said]})


async def test_given_fields_change_and_others_stay(new_person: NewPerson) -> None:
    ada = await new_person()
    changed = await ada.send("PUT", "/user", user={"bio": "Poetical.", "image": 'javascript:alert("\'")'})
    assert changed.status_code == 200, changed.text
    told = changed.json()["user"]
    assert (told["bio"], told["image"], told["username"]) == ("Poetical.", 'javascript:alert("\'")', ada.name)
    assert (await ada.send("GET", "/user")).json()["user"] == told
    for empty in ("", None):
        await ada.send("PUT", "/user", user={"bio": "again", "image": "again"})
        gone = (await ada.send("PUT", "/user", user={"bio": empty, "image": empty})).json()["user"]
        assert (gone["bio"], gone["image"]) == (None, None)
    assert (await ada.send("PUT", "/user", user={})).json()["user"] == gone


def test_a_picture_of_this_site_has_a_whole_address() -> None:
    known = {"id": 7, "username": "ada", "email": None, "bio": "", "following": None}
    for url, shown in (("/users/pictures/x.webp", f"{SITE}/users/pictures/x.webp"), ("/x.png", "/x.png"), (None, None)):
        assert ProfileAnswer.model_validate({**known, "avatar_url": url}).profile(SITE).image == shown


async def test_a_new_name_and_address_are_seen_at_once(client: AsyncClient, new_person: NewPerson) -> None:
    ada, bob = await new_person(), await new_person()
    slug, name = (await ada.publish())["slug"], unique("renamed")
    email = f"{name}@example.com"
    renamed = await ada.send("PUT", "/user", user={"username": name, "email": email})
    assert renamed.status_code == 200, renamed.text
    told = renamed.json()["user"]
    assert (told["username"], told["email"], told["token"]) == (name, email, ada.token)
    assert (await ada.send("GET", "/user")).json()["user"] == told
    assert (await bob.send("GET", f"/articles/{slug}")).json()["article"]["author"]["username"] == name
    assert (await bob.send("GET", f"/articles?author={name}")).json()["articlesCount"] == 1
    assert (await bob.send("GET", f"/articles?author={ada.name}")).json() == {"articles": [], "articlesCount": 0}
    assert (await bob.send("GET", f"/profiles/{ada.name}")).status_code == 404
    reply = await client.post("/api/users/login", json={"user": {"email": email, "password": "password123"}})
    assert reply.status_code == 200


@pytest.mark.parametrize("field", ["username", "email", "password"])
async def test_a_name_address_or_password_cannot_be_removed(new_person: NewPerson, field: str) -> None:
    ada = await new_person()
    before = (await ada.send("GET", "/user")).json()
    for empty in ("", None):
        reply = await ada.send("PUT", "/user", user={field: empty, "bio": "not stored"})
        assert (reply.status_code, reply.json()["errors"]) == (422, {field: ["can't be blank"]})
    assert (await ada.send("GET", "/user")).json() == before


async def test_somebody_elses_name_or_address_cannot_be_taken(new_person: NewPerson) -> None:
    ada, bob = await new_person(), await new_person()
    for taken in ({"username": ada.name}, {"email": ada.email}):
        reply = await bob.send("PUT", "/user", user=taken)
        (key,) = taken
        assert (reply.status_code, reply.json()["errors"]) == (409, {key: ["has already been taken"]})


@pytest.mark.parametrize(
    ("password", "status"), [("1234567", 422), ("abcdefg8", 200), ("a" * 64, 200), ("password", 200)]
)
async def test_a_password_needs_eight_characters(
    client: AsyncClient, new_person: NewPerson, password: str, status: int
) -> None:
    ada = await new_person()
    reply = await ada.send("PUT", "/user", user={"password": password})
    assert reply.status_code == status, reply.text
    if status == 422:
        assert reply.json()["errors"].keys() == {"password"}
    now = {"email": ada.email, "password": password if status == 200 else "password123"}
    assert (await client.post("/api/users/login", json={"user": now})).status_code == 200


async def test_a_change_of_password_keeps_the_session_that_made_it_and_ends_others(
    client: AsyncClient, new_person: NewPerson
) -> None:
    ada = await new_person()
    credentials = {"email": ada.email, "password": "password123"}
    told = (await client.post("/api/users/login", json={"user": credentials})).json()["user"]
    other = Person(client, ada.name, ada.email, told["token"])
    assert (await other.send("GET", "/user")).status_code == 200
    changed = await ada.send("PUT", "/user", user={"password": "another password"})
    assert changed.json()["user"]["token"] == ada.token
    assert (await ada.send("GET", "/user")).status_code == 200


async def test_unknown_paths_and_verbs_answer_in_the_same_form(client: AsyncClient) -> None:
    for method, path, status in (("GET", "/api/nothing", 404), ("PATCH", "/api/user", 405)):
        reply = await client.request(method, path)
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/json; charset=utf-8")
        assert reply.json()["errors"].keys() == {"request"}


async def test_pages_of_any_origin_may_call(client: AsyncClient) -> None:
    origin = {"Origin": "http://front-end.example"}
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, content-type"}
    preflight = await client.options("/api/user", headers={**origin, **asked})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST", "PUT", "DELETE"} <= set(preflight.headers["access-control-allow-methods"].split(", "))
    assert (await client.get("/api/tags", headers=origin)).headers["access-control-allow-origin"] == "*"
