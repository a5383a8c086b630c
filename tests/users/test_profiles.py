"""Profiles: the caller's own and others'."""

import asyncio

import pytest
from httpx import AsyncClient

from tests.peers import Peers
from tests.users.conftest import SignedIn


async def test_a_profile_is_there_at_once_after_sign_up(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account("Ada")
    reply = await client.get("/users/me", headers=signed_in(ada))
    assert reply.status_code == 200, reply.text
    assert reply.json() == {
        "id": ada,
        "email": f"person{ada}@example.com",
        "name": "Ada",
        "username": None,
        "bio": "",
        "avatar_url": None,
        "followers_count": 0,
        "following_count": 0,
        "posts_count": 0,  # only with posts
        "following": False,
        "blocked": False,
    }


async def test_many_first_requests_at_once_make_one_profile(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = peers.new_account()
    replies = await asyncio.gather(*(client.get("/users/me", headers=signed_in(ada)) for _ in range(10)))
    assert [reply.status_code for reply in replies] == [200] * 10


async def test_the_address_is_shown_to_its_owner_and_admins_only(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, grace = peers.new_account(), peers.new_account()
    seen = [
        (await client.get(f"/users/{ada}", headers=headers)).json()["email"]
        for headers in ({}, signed_in(grace), signed_in(grace, "moderator"), signed_in(grace, "admin"), signed_in(ada))
    ]
    address = f"person{ada}@example.com"
    assert seen == [None, None, None, address, address]


async def test_an_edit_changes_what_it_names_and_nothing_else(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = peers.new_account("Ada")
    picture = "https://example.com/ada.png"
    told = {"bio": "Poetical science.", "avatar_url": picture}
    first = await client.patch("/users/me", json=told, headers=signed_in(ada))
    second = await client.patch("/users/me", json={"name": "Ada Lovelace", "avatar_url": None}, headers=signed_in(ada))
    assert (first.status_code, second.status_code) == (200, 200), first.text
    assert first.json() | told | {"name": "Ada"} == first.json()
    profile = (await client.get(f"/users/{ada}")).json()
    assert (profile["name"], profile["bio"], profile["avatar_url"]) == ("Ada Lovelace", "Poetical science.", None)


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"name": ""},
        {"name": "   "},
        {"name": "a" * 101},
        {"name": "Ada\u202egnp"},
        {"name": "Ada\n"},
        {"name": "\x00"},
        {"name": 7},
        {"bio": None},
        {"bio": "b" * 1001},
        {"bio": "nul \x00"},
        {"avatar_url": "http://example.com/a.png"},
        {"avatar_url": "javascript:alert(1)"},
        {"avatar_url": "https://ada:secret@example.com/a.png"},
        {"avatar_url": "https://ada@example.com/a.png"},
        {"avatar_url": "https://:secret@example.com/a.png"},
        {"avatar_url": "https://example.com/" + "a" * 500},
        {"email": "other@example.com"},
        {"id": 1},
        {"followers_count": 9},
        [],
        "name",
        7,
    ],
)
async def test_a_bad_edit_is_refused_and_changes_nothing(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, body: object
) -> None:
    ada = peers.new_account()
    before = (await client.get("/users/me", headers=signed_in(ada))).json()
    reply = await client.patch("/users/me", json=body, headers=signed_in(ada))
    assert (reply.status_code, reply.json()["code"]) == (422, "validation-failed")
    assert (await client.get("/users/me", headers=signed_in(ada))).json() == before


async def test_an_emoji_name_comes_back_unchanged(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    name = "Zoë 👩‍🚀 李 'O\"Brien; DROP TABLE"
    reply = await client.patch("/users/me", json={"name": name}, headers=signed_in(peers.new_account()))
    assert reply.json()["name"] == name


async def test_nobody_is_404(client: AsyncClient) -> None:
    reply = await client.get("/users/5")
    assert (reply.status_code, reply.json()["code"]) == (404, "user-not-found")
    assert reply.json()["detail"] == "User not found"


BAD_IDS = ["-1", "0", str(2**53), "1" + "0" * 30, "1e3", "0x1", "\uff11\uff12", "1_0", "7.0", "%00", "a"]


@pytest.mark.parametrize("bad", BAD_IDS)
async def test_ids_out_of_range_are_refused(client: AsyncClient, bad: str) -> None:
    """S-36."""
    reply = await client.get(f"/users/{bad}")
    assert reply.status_code in (404, 422)
    assert reply.headers["content-type"] == "application/problem+json"


async def test_without_auth_known_people_are_served_and_unknown_ones_are_503(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    known, unknown = peers.new_account(), peers.new_account()
    await client.get("/users/me", headers=signed_in(known))
    peers.away = True
    try:
        assert (await client.get(f"/users/{known}")).status_code == 200
        assert (await client.patch("/users/me", json={"bio": "b"}, headers=signed_in(known))).status_code == 200
        reply = await client.get(f"/users/{unknown}")
    finally:
        peers.away = False
    assert (reply.status_code, reply.json()["code"]) == (503, "peer-unavailable")
    assert "retry-after" in reply.headers
    assert (await client.get(f"/users/{unknown}")).status_code == 200


async def test_an_answer_of_auth_that_is_not_as_agreed_is_a_503(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    """S-30: and not reported as the caller's fault."""
    ada = peers.new_account()
    agreed = peers.accounts[ada]["data"]
    peers.accounts[ada]["data"] = {**agreed, "email": None}
    reply = await client.get("/users/me", headers=signed_in(ada))
    assert (reply.status_code, reply.json()["code"]) == (503, "peer-unavailable")
    assert "event" not in reply.text
    peers.accounts[ada]["data"] = agreed
    assert (await client.get("/users/me", headers=signed_in(ada))).status_code == 200


# begin: only with posts
async def test_cards_come_in_one_batch_for_posts_only(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """S-28. New accounts are included."""
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    path = f"/internal/profiles?ids={ada},{grace},4"
    reply = await client.get(path, headers=peers.issuer.service("posts", "users"))
    told = {event["subject"]: event["data"]["name"] for event in reply.json()["events"]}
    assert told == {f"profile:{ada}": "Ada", f"profile:{grace}": "Grace"}
    refused = [
        (await client.get(path, headers=headers)).status_code
        for headers in (
            {},
            signed_in(ada),
            signed_in(ada, "admin"),
            peers.issuer.service("auth", "users"),
            peers.issuer.service("posts", "posts"),
        )
    ]
    assert refused == [401, 403, 403, 403, 401]


# end: only with posts


# begin: only with posts
@pytest.mark.parametrize("ids", ["", "1,,2", "a", "-1", "0", str(2**53), ",".join(["1"] * 101), "\uff11"])
async def test_bad_batches_are_refused(client: AsyncClient, peers: Peers, ids: str) -> None:
    reply = await client.get("/internal/profiles", params={"ids": ids}, headers=peers.issuer.service("posts", "users"))
    assert reply.status_code == 422


# end: only with posts
