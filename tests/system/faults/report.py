"""The report of faults: a file in `.local` while the tests run, then a table in docs/operations/reliability.md.

python -m tests.system.faults.report faults|overload            prints the table
python -m tests.system.faults.report faults|overload --write    also writes it into the page, as the make targets do
"""

import json
import os
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "operations" / "reliability.md"
LEAST_KILLS: Final = {"faults": 100, "overload": 0}
"""The minimum for a run in the page."""
SEEN_WITHIN: Final = 30.0
"""Seconds within which a fault must be visible (R-30)."""
NOT_TRIED: Final = "not tried"
"""The beginning of a verdict if the machine lacks a requirement of the test."""
HEAD: Final = (
    "| row | fault | times | back after, median / most | failed / unknown answers | seen by | verdict |\n"
    "|---|---|---|---|---|---|---|\n"
)


def figures(run: str) -> Path:
    return ROOT / ".local" / f"{run}.json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault that a test has caused, and its effects."""

    row: str
    """A row of docs/operations/requirements.md: R-10."""
    fault: str
    times: int
    kills: int
    """Processes that were ended by SIGKILL: the actual number."""
    recovery_s: Sequence[float]
    """Recovery times: from the end of the fault to the first good answer, or as the test defines it."""
    seen: Mapping[str, float | None]
    """Where an operator would see it (readiness, a metric's name, the log), and after how many seconds.

    None if the test looks only afterwards, and finds it there.
    """
    failed: int
    """Refusals because of it: nothing was done."""
    unknown: int
    """Answers that leave the outcome unknown: 50x, a reset, none in time."""
    verdict: str


class Report:
    """Collects the rows of a run. Tests that cause faults have it as the fixture `report`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fault(
        self,
        *,
        row: str,
        fault: str,
        times: int = 1,
        kills: int = 0,
        recovery_s: float | Sequence[float] = (),
        seen: Mapping[str, float] | None = None,
        seen_by: str = "",
        failed: int = 0,
        unknown: int = 0,
        verdict: str = "held",
    ) -> None:
        """Record a fault after its test has succeeded. Repetitions of row and fault add up to one line.

        `seen` was measured, and fails the test if it is too late. `seen_by` was found afterwards.
        """
        assert seen is None or seen, f"{fault}: nobody on duty could see it"
        late = {where: after for where, after in (seen or {}).items() if after > SEEN_WITHIN}
        assert not late, f"{fault}: seen too late: {late}"
        seconds = [recovery_s] if isinstance(recovery_s, int | float) else recovery_s
        rounded = [round(one, 2) for one in seconds]
        found: dict[str, float | None] = {where: round(after, 2) for where, after in (seen or {}).items()}
        if seen_by:
            found[seen_by] = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            noted = Fault(row, fault, times, kills, rounded, found, failed, unknown, verdict)
            file.write(json.dumps(asdict(noted)) + "\n")


def read(path: Path) -> list[Fault]:
    """The rows of the last run, if any."""
    return [Fault(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def table(faults: Iterable[Fault]) -> str:
    """A line for each row and fault, in the order of the rows."""
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in sorted(faults, key=lambda fault: fault.row):
        kinds.setdefault((fault.row, fault.fault), []).append(fault)
    return HEAD + "".join(line(alike) for alike in kinds.values())


def line(alike: Sequence[Fault]) -> str:
    seconds = [one for fault in alike for one in fault.recovery_s]
    back = f"{statistics.median(seconds):.1f} / {max(seconds):.1f} s" if seconds else ""
    counts = f"{sum(fault.failed for fault in alike)} / {sum(fault.unknown for fault in alike)}"
    verdicts = ", ".join(dict.fromkeys(fault.verdict for fault in alike))
    times = str(sum(fault.times for fault in alike))
    return f"| {' | '.join((alike[0].row, alike[0].fault, times, back, counts, sight(alike), verdicts))} |\n"


def sight(alike: Sequence[Fault]) -> str:
    """Each place once, with its longest time."""
    latest: dict[str, float | None] = {}
    for where, after in (seen for fault in alike for seen in fault.seen.items()):
        before = latest.get(where)
        latest[where] = after if before is None or after is None else max(before, after)
    return ", ".join(where if after is None else f"{where} {after:.1f} s" for where, after in latest.items())


def kills(faults: Iterable[Fault]) -> int:
    return sum(fault.kills for fault in faults)


def lacking(faults: Iterable[Fault]) -> list[str]:
    """A sentence about faults that were not tested."""
    return [f"{fault.row}, {fault.fault}: {fault.verdict}" for fault in faults if fault.verdict.startswith(NOT_TRIED)]


def written(page: str, run: str, text: str) -> str:
    """The page with this text between the run's markers."""
    begin, end = f"<!-- {run}: made by `make {run}` -->\n", f"<!-- end of {run} -->"
    before, mark, rest = page.partition(begin)
    _, other_mark, after = rest.partition(end)
    assert mark, f"the page has no place for {run}"
    assert other_mark, f"the page has no end for {run}"
    return f"{before}{begin}\n{text}\n{end}{after}"


def main(run: str, *words: str) -> str | None:
    """Problems of the run, if any."""
    faults = read(figures(run))
    made, enough = table(faults), kills(faults) >= LEAST_KILLS[run]
    sys.stdout.write(f"{made}\n{kills(faults)} kills\n")
    sys.stdout.writelines(f"NOT TRIED | {what}\n" for what in lacking(faults))
    if "--write" not in words:
        return None
    if not enough or not faults:
        return (
            f"not a full run: {len(faults)} rows, {kills(faults)} kills of {LEAST_KILLS[run]}; the page stays as it is"
        )
    seed = f"SEED={os.environ['SEED']}" if os.environ.get("SEED") else "the default seed"
    when = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {seed}"
    counted = f", {kills(faults)} kills" if kills(faults) else ""
    PAGE.write_text(written(PAGE.read_text(), run, f"The last full run: {when}{counted}.\n\n{made}"))
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
