# file: only with posts
"""Traces of posts and users, on real sockets, with a stub of the collector."""

import asyncio
import json
import subprocess
import sys

import pytest

from deploy.local.ports import free_port
from tests.conftest import Cloner
from tests.tracing import Outside, app_of, collecting, serving, spans_sent
from tests.waiting import in_time

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


async def test_one_trace_goes_from_the_caller_through_posts_to_users(
    database_of: Cloner, capsys: pytest.CaptureFixture[str]
) -> None:
    peers = Outside(free_port())
    with collecting() as collector:
        apps = [await app_of(name, database_of, peers, collector.url) for name in ("posts", "users")]
        async with serving(apps[0], free_port()) as posts, serving(apps[1], peers.users_port):
            ada = peers.new_account("Ada")
            headers = {**peers.issuer.person(ada), "traceparent": f"00-{TRACE}-{CALLER}-01"}
            new = {"title": "First light", "body": "It was a clear night."}
            made = await posts.post("/posts?q=canary", json=new, headers=headers)
            assert made.status_code == 201, made.text
            assert made.json()["author"]["name"] == "Ada"
            await posts.get("/livez")
        await spans_sent(*apps)
    (ours,), (theirs,) = (
        [span for span in collector.spans[name] if span.kind == span.SPAN_KIND_SERVER] for name in ("posts", "users")
    )
    assert {ours.trace_id.hex(), theirs.trace_id.hex()} == {TRACE}
    assert (ours.name, ours.parent_span_id.hex()) == ("POST /posts", CALLER)
    assert (theirs.name, theirs.parent_span_id) == ("GET /internal/profiles", ours.span_id)
    assert "canary" not in str(collector.spans)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {(line["service"], line["path"], line.get("trace_id")) for line in lines if line["event"] == "request"}
    assert ("posts", "/posts", TRACE) in told
    assert ("users", "/internal/profiles", TRACE) in told
    caller, account = ([line[name] for line in lines if name in line] for name in ("caller", "account"))
    assert (set(caller), set(account)) == ({"svc:posts"}, {ada})


@pytest.mark.parametrize("state", ["closed", "silent"])
async def test_a_collector_that_is_away_costs_no_request_anything(database_of: Cloner, state: str) -> None:
    with collecting() as collector:
        collector.answers.clear()
        endpoint = collector.url if state == "silent" else f"http://127.0.0.1:{free_port()}"
        app = await app_of("posts", database_of, Outside(), endpoint, traces_per_second=1000)
        async with serving(app, free_port()) as posts:
            for _ in range(150):
                assert (await posts.get("/posts/1")).status_code == 404
            assert collector.spans == {}, "nobody has waited for the collector"
        await in_time(asyncio.to_thread(app.state.tracer.shutdown))


async def test_no_more_traces_begin_in_a_second_than_the_setting_allows(database_of: Cloner) -> None:
    peers = Outside()
    with collecting() as collector:
        app = await app_of("posts", database_of, peers, collector.url, traces_per_second=0.001)
        async with serving(app, free_port()) as posts:
            for _ in range(5):
                assert (await posts.get("/posts/1")).status_code == 404
        await spans_sent(app)
    traced = [span.name for span in collector.spans["posts"] if span.kind == span.SPAN_KIND_SERVER]
    assert traced == ["GET /posts/{post_id}"]


WITHOUT = """
import sys
from common.spans import TRACER, tracer_here
from posts.config import Settings
from posts.main import create_app

own = {name: "a-secret-of-some-length-0123456789-" + name for name in ("database_password", "client_secret")}
app = create_app(Settings.model_validate({"database_url": "postgresql://posts@db/posts", **own}))
assert app.state.tracer is None
assert tracer_here() is TRACER.get() is None
assert not {"opentelemetry.sdk", "requests"} & {*sys.modules}
"""


def test_without_an_endpoint_nothing_of_it_is_even_imported() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
