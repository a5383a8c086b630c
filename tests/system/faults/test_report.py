"""The tables of docs/operations/reliability.md."""

from pathlib import Path

import pytest

from tests.system.faults import report as reports
from tests.system.faults.metrics import total
from tests.system.faults.report import PAGE, Report, kills, lacking, main, read, table, written

EXPOSITION = """\
# TYPE client_breaker gauge
client_breaker{peer="users",state="open"} 1.0
client_breaker{peer="auth",state="open"} 1.0
client_breaker{peer="auth",state="closed"} 0.0
"""


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return Report(tmp_path / "deeper" / "faults.json")


def test_what_tests_noted_adds_up_to_one_line_a_fault(report: Report) -> None:
    report.fault(row="R-07", fault="posts stopped", recovery_s=2.0, seen={"readiness": 2.04}, unknown=3)
    report.fault(row="R-02", fault="posts killed", times=10, kills=9, recovery_s=[1.0, 1.4, 3.04], seen_by="log")
    report.fault(row="R-07", fault="posts stopped", kills=1, recovery_s=1, seen={"readiness": 1, "log": 3}, failed=1)
    assert table(read(report.path)).splitlines()[2:] == [
        "| R-02 | posts killed | 10 | 1.4 / 3.0 s | 0 / 0 | log | held |",
        "| R-07 | posts stopped | 2 | 1.5 / 2.0 s | 1 / 3 | readiness 2.0 s, log 3.0 s | held |",
    ]
    assert kills(read(report.path)) == 10


@pytest.mark.parametrize("seen", [{}, {"log": 1.0, "readiness": 30.5}])
def test_what_nobody_sees_in_time_does_not_hold(report: Report, seen: dict[str, float]) -> None:
    """R-30"""
    with pytest.raises(AssertionError, match="see"):
        report.fault(row="R-02", fault="posts killed", seen=seen)


def test_what_was_not_tried_is_said(report: Report) -> None:
    report.fault(row="R-23", fault="volume full", times=0, verdict="not tried: needs root")
    report.fault(row="R-01", fault="none", times=0)
    assert lacking(read(report.path)) == ["R-23, volume full: not tried: needs root"]


@pytest.mark.parametrize(("ended", "complaint"), [(99, "99 kills of 100"), (100, None)])
def test_a_run_with_too_few_kills_does_not_get_into_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: int, complaint: str | None
) -> None:
    monkeypatch.setattr(reports, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(reports, "figures", lambda run: tmp_path / f"{run}.json")
    reports.PAGE.write_text(PAGE.read_text())
    Report(tmp_path / "faults.json").fault(row="R-02", fault="posts killed", times=100, kills=ended)
    said = main("faults", "--write")
    assert complaint in (said or "") if complaint else said is None
    assert (reports.PAGE.read_text() != PAGE.read_text()) == (complaint is None)


def test_each_run_has_its_own_place_in_the_page() -> None:
    page = written(written(PAGE.read_text(), "faults", "NEW FAULTS"), "overload", "NEW OVERLOAD")
    assert "NEW FAULTS" in page
    assert written(written(page, "faults", "x"), "overload", "y").count("<!--") == PAGE.read_text().count("<!--")
    assert "NEW OVERLOAD" in written(page, "faults", "other ones")


def test_metrics_are_read_as_numbers() -> None:
    assert total(EXPOSITION, "client_breaker", state="open") == 2.0
    assert total(EXPOSITION, "client_breaker", peer="auth") == 1.0
    assert total(EXPOSITION, "outbox_rows") == 0.0
