"""What the console reads: log files of several forms, and metrics."""

from pathlib import Path

import pytest

from deploy.console.logs import MOST, Wanted, lines, parsed
from deploy.console.metrics import KEPT, Counted, Measured, quantile
from deploy.console.picture import picture

REQUEST, TRACE = "376c5e1721b3a146", "d44090e2d2ecc4d94146a0bf8d9c938c"
IDS = f'"request_id": "{REQUEST}", "trace_id": "{TRACE}"'
LOGS = {
    "posts-1": f"""{{"timestamp": "2026-11-30T02:00:02Z", "level": "info", "event": "request", {IDS}, "ms": 7}}
{{"timestamp": "2026-11-30T02:00:05Z", "level": "warning", "event": "event refused", "service": "posts"}}
""",
    "auth": f"""\x1b[2m2026-11-30T02:00:01.5Z\x1b[0m [info] in \x1b[36mrequest_id\x1b[0m={REQUEST} trace_id={TRACE}
Traceback (most recent call last):
  File x
""",
    "gateway": '{"level":"error","ts":1796004003.5,"logger":"http","msg":"dial refused","upstream":"posts"}\n',
    "postgres": """2026-11-30 02:00:04.250 UTC [17] ERROR:  deadlock detected
2026-11-30 02:00:04.300 UTC [17] LOG:  checkpoint
""",
}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for name, text in LOGS.items():
        (tmp_path / f"{name}.log").write_text(text)
    return tmp_path


def told(found: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(one["process"], one["level"], one["event"]) for one in found]


def test_lines_of_all_processes_are_one_list(logs: Path) -> None:
    assert told(lines(logs, Wanted())) == [
        ("posts-1", "warning", "event refused"),
        ("postgres", "info", "checkpoint"),
        ("postgres", "error", "deadlock detected"),
        ("gateway", "error", "dial refused"),
        ("posts-1", "info", "request"),
        (
            "auth",
            "info",
            f"in request_id={REQUEST} trace_id={TRACE}\nTraceback (most recent call last):\n  File x",
        ),
    ]


def test_a_request_is_followed_over_services_and_led_to_its_trace(logs: Path) -> None:
    found = lines(logs, Wanted(request=REQUEST))
    assert [one["process"] for one in found] == ["posts-1", "auth"]
    assert {one["trace_id"] for one in found} == {TRACE}
    assert lines(logs, Wanted(trace=TRACE)) == found
    assert lines(logs, Wanted(request=REQUEST[:-1])) == [], "a whole id"


def test_filters_are_by_process_service_level_and_text(logs: Path) -> None:
    assert len(lines(logs, Wanted(process="posts"))) == len(lines(logs, Wanted(process="posts-1"))) == 2
    assert told(lines(logs, Wanted(level="error"))) == [
        ("postgres", "error", "deadlock detected"),
        ("gateway", "error", "dial refused"),
    ]
    assert told(lines(logs, Wanted(text="REFUSED", process="gateway"))) == [("gateway", "error", "dial refused")]
    assert lines(logs, Wanted(process="nobody")) == []


def test_an_answer_is_bounded_and_has_the_newest_lines(tmp_path: Path) -> None:
    line = '{{"timestamp": "2026-11-30T02:00:00.{:06d}Z", "level": "info", "event": "{}"}}\n'
    (tmp_path / "posts.log").write_text("".join(line.format(number, number) for number in range(20_000)))
    found = lines(tmp_path, Wanted())
    assert (len(found), found[0]["event"]) == (MOST, "19999")
    assert [one["event"] for one in lines(tmp_path, Wanted(text='"event": "7"'))] == ["7"], "a search goes far back"


def test_half_a_line_is_shown_as_it_is() -> None:
    assert parsed("posts", '{"event": "requ')["event"] == '{"event": "requ'


METRICS = """# HELP http_requests_total Answered requests.
http_requests_total{{method="GET",route="/posts",status="200"}} {ok}
http_requests_total{{method="GET",route="/posts",status="503"}} {bad}
http_requests_total{{method="GET",route="/metrics",status="200"}} 99.0
http_request_duration_seconds_bucket{{le="0.01",method="GET",route="/posts"}} {ok}
http_request_duration_seconds_bucket{{le="0.1",method="GET",route="/posts"}} {all}
http_request_duration_seconds_bucket{{le="+Inf",method="GET",route="/posts"}} {all}
db_pool_waits_total{{pool="writing"}} 2.0
outbox_rows{{target="auth",type="profile",state="waiting"}} 0.0
outbox_rows{{target="auth",type="profile",state="parked"}} 1.0
outbox_oldest_seconds{{target="auth",type="profile"}} 4.5
"""


def counted(ok: int, bad: int) -> Counted:
    return Counted.of(METRICS.format(ok=ok, bad=bad, all=ok + bad))


def test_metrics_become_rates_of_the_time_between_two_scrapes() -> None:
    measured = Measured()
    measured.take({"users": ["users"]}, {"users": counted(10, 0)})
    measured.take({"users": ["users"]}, {"users": counted(19, 1)})
    first, second = measured.points()["users"]
    assert "requests" not in first
    assert second["requests"] / second["errors"] == pytest.approx(10, rel=0.1)
    assert (second["waits"], second["p50_ms"], second["oldest_s"]) == (0.0, pytest.approx(5.6, abs=0.1), 4.5)
    assert measured.events() == [{"service": "users", "target": "auth", "type": "profile", "parked": 1}]


def test_a_new_process_begins_at_nothing_and_one_that_is_away_is_seen() -> None:
    measured = Measured()
    for now in ({"users": counted(50, 0)}, {}, {"users": counted(7, 0)}):
        measured.take({"users": ["users"]}, now)
    points = measured.points()["users"]
    assert [point["up"] for point in points] == [1, 0, 1]
    assert points[2]["requests"] > 0


def test_only_the_last_ten_minutes_are_kept() -> None:
    measured = Measured()
    for _ in range(KEPT + 5):
        measured.take({"users": ["users"]}, {})
    assert len(measured.points()["users"]) == KEPT


def test_quantiles_are_reckoned_within_their_bucket() -> None:
    infinite = float("inf")
    assert quantile({0.1: 10, 0.2: 20, infinite: 20}, 0.75) == pytest.approx(0.15)
    assert quantile({0.1: 0, infinite: 5}, 0.5) == 0.1
    assert quantile({0.1: 0, infinite: 0}, 0.5) is quantile({}, 0.5) is None


def test_the_picture_has_the_registry_s_calls_and_what_was_seen() -> None:
    measured = Measured()
    measured.take({"users": ["users"]}, {"users": counted(1, 0)})
    processes = [
        {"name": name, "service": name.partition("-")[0], "state": state, "why": None if state == "up" else "no answer"}
        for name, state in (
            ("postgres", "up"),
            ("gateway", "up"),
            ("users", "up"),
            ("auth-1", "up"),
            ("auth-2", "stopped"),
        )
    ]
    seen = [{"from": "users", "to": "auth", "kind": "events", "count": 3}]
    shown = picture(processes, seen, measured)
    assert [(node["name"], node["up"], node["of"], node["why"]) for node in shown["nodes"]] == [
        ("gateway", 1, 1, None),
        ("auth", 1, 2, "no answer"),
        ("users", 1, 1, None),
    ]
    edges = {(edge["from"], edge["to"], edge["kind"]): edge for edge in shown["edges"]}
    assert edges["users", "auth", "events"] | {"count": 3, "parked": 1} == edges["users", "auth", "events"]
    assert edges["users", "auth", "call"]["count"] == 0
    without_users = picture([one for one in processes if one["service"] != "users"], seen, measured)
    assert [(edge["from"], edge["to"]) for edge in without_users["edges"]] == [("gateway", "auth")], (
        "users does not run"
    )
