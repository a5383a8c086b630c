"""What is sent to other services: once, and events only if the peer would read them."""

import json

from common.contracts.events import ProfileData
from common.http.bodies import MAX_BODY
from common.state_events import Event, StateEvent
from tests.common.calls import calling, fails_in_time
from tests.common.misbehaving import answer, hang_up, in_turn, misbehaving


async def test_a_post_is_sent_once_and_tells_the_status() -> None:
    async with misbehaving(in_turn(answer(204, b""), answer(422, {}), answer(503, {}), hang_up)) as peer:
        async with calling(peer.url, retry_share=1) as client:
            assert await client.post("/internal/events", {"id": "1"}) == 204
            assert await client.post("/internal/events", b'{"id":"2"}') == 422
            assert await client.post("/internal/events", {}) == 503
            with fails_in_time():
                await client.post("/internal/events", {})
        assert len(peer.asked) == 4
        assert [asked.body for asked in peer.asked[:2]] == [b'{"id": "1"}', b'{"id":"2"}']
        assert {asked.headers["content-type"] for asked in peer.asked} == {"application/json"}


async def test_events_that_no_peer_would_read_are_not_sent() -> None:
    """R-14: the relay gets 413, sends them one by one and parks the large one. The peer does not count as failed."""
    name = ProfileData(name="A" * MAX_BODY, avatar_url=None)
    async with misbehaving(answer(204, b"")) as peer, calling(peer.url, breaker_failures=1) as client:
        status, reason = await client.deliver([StateEvent.now(Event((7,), 1, name))])
        assert status == 413
        assert reason.endswith(f"at most {MAX_BODY} are sent")
        assert client.breaker.state == "closed"
        assert not peer.asked


async def test_data_that_is_no_object_is_sent_for_the_peer_to_refuse() -> None:
    event = StateEvent.now(Event((7,), 1, ProfileData(name="Ada", avatar_url=None)))
    event.data = ["nonsense"]  # type: ignore[assignment]  # as a row may have it
    told = {"code": "validation-failed", "detail": "Not so.", "errors": [{"loc": ["body", "data"], "msg": "no object"}]}
    async with misbehaving(in_turn(answer(422, told), answer(422, {}))) as peer, calling(peer.url) as client:
        assert await client.deliver([event]) == (422, "validation-failed Not so. body.data: no object")
        assert await client.deliver([event]) == (422, "")
        assert json.loads(peer.asked[0].body)["events"][0]["data"] == ["nonsense"]
