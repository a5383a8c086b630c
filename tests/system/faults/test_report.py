"""The table of docs/reliability.md."""

from pathlib import Path

from tests.system.faults.metrics import total
from tests.system.faults.report import Report, read, table

EXPOSITION = """\
# TYPE client_breaker gauge
client_breaker{peer="users",state="open"} 1.0
client_breaker{peer="auth",state="open"} 1.0
client_breaker{peer="auth",state="closed"} 0.0
"""


def test_what_tests_noted_adds_up_to_one_line_a_fault(tmp_path: Path) -> None:
    report = Report(tmp_path / "deeper" / "faults.json")
    report.fault(row="R-07", fault="posts stopped", recovery_s=2.0, seen_by="readiness", unknown=3)
    report.fault(row="R-02", fault="posts killed", times=10, recovery_s=[1.0, 1.4, 3.04], seen_by="readiness, log")
    report.fault(row="R-07", fault="posts stopped", recovery_s=1, seen_by="a metric", failed=1, unknown=2)
    assert table(read(report.path)).splitlines()[2:] == [
        "| R-02 | posts killed | 10 | 1.4 / 3.0 s | 0 / 0 | readiness, log | held |",
        "| R-07 | posts stopped | 2 | 1.5 / 2.0 s | 1 / 5 | readiness, a metric | held |",
    ]


def test_metrics_are_read_as_numbers() -> None:
    assert total(EXPOSITION, "client_breaker", state="open") == 2.0
    assert total(EXPOSITION, "client_breaker", peer="auth") == 1.0
    assert total(EXPOSITION, "outbox_rows") == 0.0
