"""The cost of lists: counts statements and calls per request, so that no list has one per item."""

from fastapi import FastAPI
from httpx import AsyncClient

from tests.peers import Peers
from tests.queries import listening
from tests.users.conftest import SignedIn


async def test_a_list_of_twenty_takes_two_statements_and_no_call(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, others = peers.new_account("Costly"), [peers.new_account("Costly") for _ in range(25)]
    for other in others[:21]:
        await client.put(f"/users/{ada}/follow", headers=signed_in(other))
        await client.put(f"/users/{other}/follow", headers=signed_in(ada))
    for other in others[1:]:
        await client.put(f"/users/{other}/block", headers=signed_in(others[0]))
    ids = ",".join(map(str, others[:20]))
    lists = {
        f"/users?ids={ids}": 1,
        "/users?q=costly": 1,
        f"/users/{ada}/followers": 2,
        f"/users/{ada}/following": 2,
    }
    for path, most in lists.items():
        peers.asked.clear()
        with listening(app) as queries:
            reply = await client.get(path, headers=signed_in(ada))
            statements = await queries()
        assert len(reply.json()["items"]) == 20, path
        assert (1 <= len(statements) <= most, peers.asked) == (True, []), (path, statements)
    with listening(app) as queries:
        reply = await client.get("/users/me/blocks", headers=signed_in(others[0]))
        assert (len(reply.json()["items"]), len(await queries())) == (20, 1)
