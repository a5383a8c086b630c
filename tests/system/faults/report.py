"""What the faults did, for people: `.local/faults.json` while the tests run, then the table of docs/reliability.md.

python -m tests.system.faults.report            prints the table
python -m tests.system.faults.report --write    puts it into the page as well: what `make faults` does
"""

import json
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
FIGURES: Final = ROOT / ".local" / "faults.json"
PAGE: Final = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: made by `make faults` -->\n", "<!-- end of faults -->"
HEAD: Final = (
    "| row | fault | times | back after, median / most | failed / unknown answers | seen by | verdict |\n"
    "|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault that a test has put on, and what came of it."""

    row: str
    """Of reliability.md: R-10."""
    fault: str
    times: int
    recovery_s: Sequence[float]
    """Of each time, or of some: from the end of what was done to the first good answer, or as the test says."""
    seen_by: str
    """Where somebody on duty would have seen it: readiness, a metric's name, a log line."""
    failed: int
    """Answers that said no because of it: nothing was done."""
    unknown: int
    """Answers that left open whether it was done: 50x, a reset, none in time."""
    verdict: str


class Report:
    """Collects the rows of a run. The tests that put on faults have it as the fixture `report`."""

    def __init__(self, path: Path = FIGURES) -> None:
        self.path = path

    def fault(
        self,
        *,
        row: str,
        fault: str,
        times: int = 1,
        recovery_s: float | Sequence[float] = (),
        seen_by: str = "",
        failed: int = 0,
        unknown: int = 0,
        verdict: str = "held",
    ) -> None:
        """Note a fault, once its test knows that all went well. The same row and fault again add up to one line."""
        seconds = [recovery_s] if isinstance(recovery_s, int | float) else recovery_s
        rounded = [round(one, 2) for one in seconds]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            noted = Fault(row, fault, times, rounded, seen_by, failed, unknown, verdict)
            file.write(json.dumps(asdict(noted)) + "\n")


def read(path: Path = FIGURES) -> list[Fault]:
    """The rows of the last run; none if there was none."""
    return [Fault(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def table(faults: Iterable[Fault]) -> str:
    """One line for each row and fault, in the order of the rows."""
    kinds: dict[tuple[str, str], list[Fault]] = {}
    for fault in sorted(faults, key=lambda fault: fault.row):
        kinds.setdefault((fault.row, fault.fault), []).append(fault)
    return HEAD + "".join(line(alike) for alike in kinds.values())


def line(alike: Sequence[Fault]) -> str:
    seconds = [one for fault in alike for one in fault.recovery_s]
    back = f"{statistics.median(seconds):.1f} / {max(seconds):.1f} s" if seconds else ""
    counts = f"{sum(fault.failed for fault in alike)} / {sum(fault.unknown for fault in alike)}"
    seen, verdicts = (", ".join(dict.fromkeys(words)) for words in zip(*map(words_of, alike), strict=True))
    cells = (alike[0].row, alike[0].fault, str(sum(fault.times for fault in alike)), back, counts, seen, verdicts)
    return f"| {' | '.join(cells)} |\n"


def words_of(fault: Fault) -> tuple[str, str]:
    return fault.seen_by, fault.verdict


def main(words: Sequence[str]) -> None:
    made = table(read())
    when = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, SEED={os.environ.get('SEED') or 'the usual one'}"
    sys.stdout.write(f"{made}\n")
    if "--write" in words:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\nThe last full run: {when}.\n\n{made}\n{END}{after}")


if __name__ == "__main__":
    main(sys.argv[1:])
