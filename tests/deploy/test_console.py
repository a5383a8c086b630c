"""The console's parts without a stack: who may use it, its page, and the receiver of traces."""

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.console.files import OWN, find
from deploy.console.server import LARGEST_BODY, Console, server_of
from deploy.console.traces import NotTraces, Traces
from deploy.local.halted import halt, read_halted
from deploy.local.ports import free_port
from deploy.local.secret_files import ensure_secrets
from deploy.local.stack import CONSOLE, CONSOLE_TOKEN, GATEWAY, Stack
from tests.waiting import GENEROUS

IMPORT: Final = re.compile(r'(?:from|^import) ?"([^"]+)"', re.MULTILINE)
PROTOBUF: Final = {"Content-Type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    ensure_secrets(folder / "secrets", CONSOLE_TOKEN)
    console = Console(Stack(folder, {GATEWAY: free_port(), CONSOLE: free_port()}, None))
    with server_of(console) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield console
        server.shutdown()
        thread.join()


def ask(
    console: Console,
    path: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    body: bytes | None = None,
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", console.guard.port, timeout=GENEROUS)
    connection.request(method, path, headers=dict(headers or {}), body=body)
    reply = connection.getresponse()
    told = reply.status, reply.headers, reply.read().decode()
    connection.close()
    return told


def signed_in(console: Console, **more: str) -> dict[str, str]:
    return {"Cookie": f"other=1; {console.guard.cookie_name}={console.guard.token}", **more}


def acting(console: Console, **more: str) -> dict[str, str]:
    return signed_in(console, Origin=f"http://127.0.0.1:{console.guard.port}", **more)


def spans(count: int, *, service: str = "posts", first: int = 1, name: str = "GET /posts") -> bytes:
    """A message with so many traces of one span."""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = service
    for number in range(first, first + count):
        resource.scope_spans.add().spans.add(
            trace_id=number.to_bytes(16, "big"), span_id=number.to_bytes(8, "big"), name=name,
            start_time_unix_nano=number * 10**9, end_time_unix_nano=number * 10**9 + number * 10**6,
        )  # fmt: skip
    return bytes(message.SerializeToString())


def test_the_link_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(console: Console) -> None:
    status, headers, _ = ask(console, f"/?token={console.guard.token}")
    assert (status, headers["Location"]) == (303, "/")
    cookie, *attributes = headers["Set-Cookie"].split("; ")
    assert set(attributes) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert ask(console, "/", {"Cookie": cookie})[0] == 200
    assert ask(console, "/api/stack", {"Cookie": cookie})[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=local-guess", "/api/stack", "/api/logs", "/mails/x", "/console/app.js"]
)
def test_nothing_is_shown_without_the_token(console: Console, path: str) -> None:
    status, headers, body = ask(console, path)
    assert (status, headers["Set-Cookie"]) == (403, None)
    assert "make status" in body


def test_a_cookie_of_another_console_or_a_broken_one_opens_nothing(console: Console) -> None:
    for cookie in (f"console-1={console.guard.token}", f"{console.guard.cookie_name}=local-guess", '=";,\x01', ""):
        assert ask(console, "/api/stack", {"Cookie": cookie})[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"])
def test_another_host_is_refused_even_with_the_token(console: Console, host: str) -> None:
    """DNS rebinding: a foreign name that leads to 127.0.0.1."""
    named = {"Host": host.format(port=console.guard.port)}
    assert ask(console, "/api/stack", signed_in(console, **named))[0] == 403
    assert ask(console, f"/?token={console.guard.token}", named)[0] == 403
    assert ask(console, "/v1/traces", {**named, **PROTOBUF, **bearer(console)}, "POST", spans(1))[0] == 401


def bearer(console: Console) -> dict[str, str]:
    return {"Authorization": f"Bearer {console.guard.traces_token}"}


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:{port}"]
)
def test_only_its_own_page_may_act(console: Console, origin: str | None) -> None:
    headers = signed_in(console) | ({"Origin": origin.format(port=console.guard.port)} if origin else {})
    status, _, body = ask(console, "/api/processes/posts/stop", headers, "POST", b"")
    assert (status, "own page" in body) == (403, True)
    assert ask(console, "/api/processes/posts/stop", acting(console), "POST", b"")[0] == 409, "there is no such process"


def test_another_origin_of_this_machine_may_not_even_read(console: Console) -> None:
    """The web client's port is the same site, so that SameSite does not help."""
    for site, status in (("same-site", 403), ("cross-site", 403), ("same-origin", 200), ("none", 200)):
        assert ask(console, "/api/stack", signed_in(console, **{"Sec-Fetch-Site": site}))[0] == status


def test_bodies_have_a_length_and_a_limit(console: Console) -> None:
    for headers in (
        {"Content-Length": str(LARGEST_BODY + 1)},
        {"Transfer-Encoding": "chunked"},
        {"Content-Length": "x"},
    ):
        assert ask(console, "/v1/traces", {**headers, **PROTOBUF, **bearer(console)}, "POST")[0] == 413


def test_each_answer_has_a_strict_policy_and_a_mail_runs_no_scripts(console: Console) -> None:
    mail = "Date: Mon, 30 Nov 2026 02:00:00 +0000\nFrom: t@example.com\nTo: ada@example.com\nSubject: Confirm\n"
    mail += 'Content-Type: multipart/alternative; boundary="b"\n\n--b\nContent-Type: text/plain\n\nhttp://x/#verify-email=1\n'
    mail += "--b\nContent-Type: text/html\n\n<h1>Confirm</h1>\n--b--\n"
    console.stack.mail.mkdir(exist_ok=True)
    (console.stack.mail / "20261130-1.eml").write_text(mail)
    (shown,) = json.loads(ask(console, "/api/mails", signed_in(console))[2])
    assert (shown["to"], shown["subject"], shown["html"]) == ("ada@example.com", "Confirm", True)
    assert shown["links"] == ["http://x/#verify-email=1"]
    status, headers, body = ask(console, f"/mails/{shown['id']}", signed_in(console))
    assert (status, "<h1>Confirm</h1>" in body) == (200, True)
    policy = headers["Content-Security-Policy"]
    assert ("sandbox" in policy, "script" in policy, "frame-ancestors 'self'" in policy) == (True, False, True)
    assert ask(console, "/mails/..%2F..%2Fsecrets", signed_in(console))[0] == 404
    headers = ask(console, "/", signed_in(console))[1]
    assert "script-src 'self'; " in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_every_module_of_the_page_is_there() -> None:
    scripts = {f"/console/{path.name}" for path in OWN.glob("*.js")}
    seen, waiting = set(), ["/console/app.js"]
    while waiting:
        file = find(address := waiting.pop())
        assert file, address
        seen.add(address)
        found = IMPORT.findall(file.path.read_text())
        names = [
            name if name[0] == "/" else f"{address.rpartition('/')[0]}/{name.removeprefix('./')}" for name in found
        ]
        waiting += set(names) - seen
    assert scripts <= seen
    assert all(find(name) for name in re.findall(r'(?:href|src)="([^"]+)"', (OWN / "index.html").read_text()))


@pytest.mark.parametrize(
    "path", ["/console/", "/console/../guard.py", "/page/app.js", "/page/vendor/../dom.js", "/etc/passwd"]
)
def test_no_other_file_is_served(console: Console, path: str) -> None:
    assert find(path) is None
    assert ask(console, path, signed_in(console))[0] == 404


def test_traces_come_from_the_services_alone(console: Console) -> None:
    sent = {**PROTOBUF, **bearer(console)}
    refused: list[tuple[dict[str, str], bytes, int]] = [
        (PROTOBUF, spans(1), 401),
        ({**PROTOBUF, "Authorization": f"Bearer {console.guard.token}"}, spans(1), 401),
        ({**bearer(console), "Content-Type": "text/plain"}, spans(1), 415),
        (sent, b"\xff\xff\xff", 400),
    ]
    for headers, body, status in refused:
        assert ask(console, "/v1/traces", headers, "POST", body)[0] == status
    assert console.traces.taken == 0
    assert ask(console, "/v1/traces", sent, "POST", spans(3))[0] == 200
    found: list[dict[str, Any]] = json.loads(ask(console, "/api/traces?order=slowest", signed_in(console))[2])
    assert [one["ms"] for one in found] == [3.0, 2.0, 1.0]
    (span,) = json.loads(ask(console, f"/api/traces/{found[0]['trace_id']}", signed_in(console))[2])
    assert (span["service"], span["name"], span["ms"]) == ("posts", "GET /posts", 3.0)
    assert ask(console, f"/api/traces/{'0' * 32}", signed_in(console))[0] == 404
    assert ask(console, "/api/traces?min_ms=much", signed_in(console))[0] == 422


def test_only_the_last_spans_are_kept() -> None:
    traces = Traces(kept=5)
    traces.take(spans(4))
    traces.take(spans(4, first=5, service="users"))
    assert traces.taken == 8
    assert [int(one["trace_id"], 16) for one in traces.newest()] == [8, 7, 6, 5, 4]
    assert [int(one["trace_id"], 16) for one in traces.newest(service="posts")] == [4]
    assert traces.newest(text="comments") == []
    assert traces.one(f"{1:032x}") == traces.one("no digits") == []
    with pytest.raises(NotTraces):
        traces.take(b"\xff")


def test_calls_are_counted_by_the_spans_of_two_services() -> None:
    traces, message = Traces(), ExportTraceServiceRequest()
    for service, span_id, parent, name in (
        ("users", b"1", b"", "GET /users/me/export"),
        ("posts", b"2", b"1", "GET /internal/export/{id}"),
        ("users", b"3", b"", "send follow"),
        ("posts", b"4", b"3", "POST /internal/events"),
        ("posts", b"5", b"gone", "POST /internal/events"),
    ):
        resource = message.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = service
        kind = 3 if name.startswith("send") else 2
        resource.scope_spans.add().spans.add(span_id=span_id, parent_span_id=parent, name=name, kind=kind)
    traces.take(message.SerializeToString())
    assert sorted((one["from"], one["to"], one["kind"], one["count"]) for one in traces.calls()) == [
        ("gateway", "users", "call", 1),
        ("users", "posts", "call", 1),
        ("users", "posts", "events", 1),
    ]


def test_processes_that_are_stopped_at_the_same_time_are_all_noted(tmp_path: Path) -> None:
    names = [f"posts-{number}" for number in range(40)]
    with ThreadPoolExecutor(20) as at_once:
        list(at_once.map(lambda name: halt(tmp_path, name), names))
    assert read_halted(tmp_path) == set(names)
