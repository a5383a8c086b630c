"""The template of a resource's tests, through the API."""

from typing import Final

from deploy.new_resource.names import Resource

PAGES: Final = """
async def test_the_list_comes_in_pages_the_newest_first(
    client: AsyncClient, peers: Peers
) -> None:
    me = peers.issuer.person(peers.new_account())
    stored = [(await create(client, me)).json() for _ in range(5)]
    seen, url = [], f"{PATH}?limit=2"
    while url:
        reply = await client.get(url, headers=me)
        assert len(reply.json()["items"]) <= 2
        seen += reply.json()["items"]
        url = reply.links["next"]["url"] if reply.links else ""
    assert seen == stored[::-1]
    refused = await client.get(f"{PATH}?cursor=another", headers=me)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor")

"""
CONDITIONS: Final = """
async def test_of_many_edits_of_one_version_one_wins(client: AsyncClient, peers: Peers) -> None:
    me = peers.issuer.person(peers.new_account())
    created = await create(client, me)
    place, seen = created.headers["location"], me | {"If-Match": created.headers["etag"]}
    replies = await asyncio.gather(*(client.patch(place, json=CHANGE, headers=seen) for _ in range(5)))
    assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412, 412]
    for late in (
        await client.patch(place, json={}, headers=seen),
        await client.delete(place, headers=seen),
    ):
        assert (late.status_code, late.json()["code"]) == (412, "precondition-failed")
    now = await client.patch(place, json={}, headers=me)
    assert now.headers["etag"].startswith('"2-'), "nothing to change is no new version"
    assert (await client.delete(place, headers=me | {"If-Match": now.headers["etag"]})).status_code == 204

"""


def behaviour(one: Resource) -> str:
    return head(one) + story(one) + refusals(one) + nulls(one) + PAGES + CONDITIONS + deletion(one)


def head(one: Resource) -> str:
    return f'''"""{one.all_said.capitalize()}: what their owner can do with them, and nobody else."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, gone

PATH = "{one.path}"
NEW: dict[str, Any] = {one.body()}
CHANGE: dict[str, Any] = {one.body(changed=True)}


async def create(client: AsyncClient, headers: dict[str, str], **fields: Any) -> Response:
    reply = await client.post(PATH, json=NEW | fields, headers=headers)
    assert reply.status_code == 201, reply.text
    return reply

'''


def story(one: Resource) -> str:
    return f'''
async def test_{one.a.replace(" ", "_")}_is_stored_read_listed_changed_and_deleted(
    client: AsyncClient, peers: Peers
) -> None:
    me = peers.issuer.person(peers.new_account())
    created = await create(client, me)
    stored, place = created.json(), created.headers["location"]
    assert place == f"{{PATH}}/{{stored['id']}}"
    assert stored == {{**NEW, **{{name: stored[name] for name in ("id", "created_at", "updated_at")}}}}
    read = await client.get(place, headers=me)
    assert (read.json(), read.headers["etag"]) == (stored, created.headers["etag"])
    assert (await client.get(PATH, headers=me)).json() == {{"items": [stored], "next_cursor": None}}

    changed = await client.patch(place, json=CHANGE, headers=me)
    assert changed.json() == stored | CHANGE | {{"updated_at": changed.json()["updated_at"]}}
    assert changed.headers["etag"].startswith('"2-')
    assert (await client.get(place, headers=me)).json() == changed.json()

    assert (await client.delete(place, headers=me)).status_code == 204
    after = await client.get(place, headers=me)
    assert (after.status_code, after.json()["code"]) == (404, "{one.code}")
    assert (await client.get(PATH, headers=me)).json()["items"] == []


async def test_others_can_neither_see_nor_change_it(client: AsyncClient, peers: Peers) -> None:
    me = peers.issuer.person(peers.new_account())
    stranger = peers.issuer.person(peers.new_account(), "moderator", "admin")
    created = await create(client, me)
    place = created.headers["location"]
    for reply in (
        await client.get(place, headers=stranger),
        await client.patch(place, json=CHANGE, headers=stranger),
        await client.delete(place, headers=stranger),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "{one.code}")
    assert (await client.get(PATH, headers=stranger)).json()["items"] == []
    assert (await client.get(place, headers=me)).json() == created.json()


async def test_it_is_stored_once_for_each_idempotency_key(
    client: AsyncClient, peers: Peers
) -> None:
    me = peers.issuer.person(peers.new_account())
    first, again = [await create(client, me | {{"Idempotency-Key": "once"}}) for _ in range(2)]
    assert (again.json(), again.headers["location"]) == (first.json(), first.headers["location"])
    assert [item["id"] for item in (await client.get(PATH, headers=me)).json()["items"]] == [first.json()["id"]]

'''


def refusals(one: Resource) -> str:
    wrong = "\n".join(f'        ("{field.name}", {field.type.wrong}),' for field in one.fields)
    missing = "\n".join(f'        ("{field.name}", None),' for field in one.fields if not field.optional)
    return f"""
@pytest.mark.parametrize(
    ("field", "value"),
    [
{wrong}
{missing}
        ("account_id", 5),
    ],
)
async def test_a_wrong_value_is_refused_and_changes_nothing(
    client: AsyncClient, peers: Peers, field: str, value: Any
) -> None:
    me = peers.issuer.person(peers.new_account())
    created = await create(client, me)
    place = created.headers["location"]
    for reply in (
        await client.post(PATH, json=NEW | {{field: value}}, headers=me),
        await client.patch(place, json={{field: value}}, headers=me),
    ):
        assert (reply.status_code, reply.json()["errors"][0]["loc"][:2]) == (422, ["body", field])
    assert (await client.get(PATH, headers=me)).json()["items"] == [created.json()]

"""


def nulls(one: Resource) -> str:
    """Tests of optional fields."""
    optional = [field for field in one.fields if field.optional]
    if not optional:
        return ""
    names = "".join(f'"{field.name}", ' for field in optional)
    return f"""
async def test_fields_may_be_left_out_and_removed(client: AsyncClient, peers: Peers) -> None:
    me, nothing = peers.issuer.person(peers.new_account()), dict.fromkeys(({names}))
    fewer = {{name: value for name, value in NEW.items() if name not in nothing}}
    without = await client.post(PATH, json=fewer, headers=me)
    assert without.json() == without.json() | NEW | nothing
    place = (await create(client, me)).headers["location"]
    removed = await client.patch(place, json=nothing, headers=me)
    assert removed.json() == removed.json() | NEW | nothing

"""


def deletion(one: Resource) -> str:
    return f'''
async def test_who_was_just_deleted_sees_and_stores_nothing_and_all_is_erased(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox
) -> None:
    """The token is still valid for a few seconds."""
    ada = peers.new_account()
    me, auth = peers.issuer.person(ada), peers.issuer.service("auth", "{one.service}")
    place = (await create(client, me)).headers["location"]
    told = await client.post("/internal/events", json={{"events": [gone(ada)]}}, headers=auth)
    assert told.status_code == 204, told.text
    for done in (False, True):
        if done:
            await erase(app.state.eraser)
        new = await client.post(PATH, json=NEW, headers=me)
        assert new.status_code == 401, new.text
        assert new.json()["code"] == "invalid-token"
        for reply in (
            await client.get(place, headers=me),
            await client.patch(place, json=CHANGE, headers=me),
            await client.delete(place, headers=me),
        ):
            assert reply.status_code == 404
        assert (await client.get(PATH, headers=me)).json()["items"] == []
    assert "{one.plural}" not in await outbox.naming(ada)
'''
