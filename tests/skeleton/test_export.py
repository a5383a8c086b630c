"""skeleton's part of an account's export."""

from httpx import AsyncClient

from tests.peers import Peers


async def test_people_are_told_of_all_that_is_held_about_them(client: AsyncClient, peers: Peers) -> None:
    ada, users = peers.new_account(), peers.issuer.service("users", "skeleton")
    member = (await client.put("/skeleton/me", headers=peers.issuer.person(ada))).json()
    told = (await client.get(f"/internal/export/{ada}", headers=users)).json()
    assert list(told["sections"]) == ["members"]
    assert (told["sections"]["members"], told["next"]) == ([{"since": member["since"]}], None)
    stranger = (await client.get(f"/internal/export/{peers.new_account()}", headers=users)).json()
    assert not any(stranger["sections"].values())


async def test_a_place_that_does_not_exist_is_refused(client: AsyncClient, peers: Peers) -> None:
    path, users = f"/internal/export/{peers.new_account()}", peers.issuer.service("users", "skeleton")
    for after in ("x", "nothing:1", "members:a", "members:-"):
        reply = await client.get(path, params={"after": after}, headers=users)
        assert reply.status_code == 422, after
