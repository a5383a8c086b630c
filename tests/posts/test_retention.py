"""Retention across kinds of rows. The tests of each kind say how long it is kept."""

from dataclasses import replace

from fastapi import FastAPI

from posts.services.retention import RETENTION
from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import NewPost
from tests.posts.reporting import Desk


async def test_what_the_release_before_has_left_of_erased_accounts_goes(
    app: FastAPI, peers: Peers, write: NewPost, desk: Desk, outbox: Outbox
) -> None:
    """It knew neither reports nor copies, and may have ended an erasure during a rolling upgrade."""
    gone, leaving, ada = peers.new_account(), peers.new_account(), peers.new_account()
    for author, moderator in ((gone, desk.moderator), (leaving, desk.moderator), (ada, gone), (ada, leaving)) * 3:
        post = (await write(author))["id"]
        headers = peers.issuer.person(moderator, "moderator")
        assert (await desk.decide(await desk.reported(post), "remove", headers)).status_code == 204
    for reporter in (gone, leaving, ada) * 3:
        assert (await desk.report(f"{(await write(desk.moderator))['id']}", desk.person(reporter))).status_code == 201
    erased = "INSERT INTO erased (account_id, version, finished_at) VALUES ($1, 2, {})"
    await outbox.rows(erased.format("clock_timestamp()"), gone)
    await outbox.rows(erased.format("NULL"), leaving)  # the eraser's to do

    async def left(table: str, column: str) -> list[int]:
        """How many rows name each of the three."""
        count = f"SELECT count(*) FROM {table} WHERE {column} = $1"  # noqa: S608  # our own words
        return [(await outbox.rows(count, who))[0]["count"] for who in (gone, leaving, ada)]

    await replace(RETENTION, batch=2).apply(app.state.transactions)
    assert await left("reports", "reporter_id") == [0, 3, 3]
    assert await left("removals", "author_id") == [0, 3, 6], "what it removed stays"
    assert await left("removals", "moderator_id") == [0, 3, 0]
