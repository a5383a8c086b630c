"""Load by wrk, in alternating slices of ours and of the limit, since the machine's speed drifts."""

import json
import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.errors import StackError

SCRIPT: Final = Path(__file__).with_name("load.lua")
CONNECTIONS: Final = 8
Shares = Mapping[str, Sequence[float]]


def find_wrk() -> str:
    """Raises StackError if there is none."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise StackError("make bench makes its load with wrk, which is not installed: apt-get install wrk")
    return wrk


def run_wrk(script: Path, base: str, connections: int, seconds: float, arguments: Sequence[str]) -> dict[str, float]:
    """A slice of load on one server, as the script reports it.

    Raises:
        StackError: some answer was an error, so the speed is meaningless.
    """
    command = [find_wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script), base, "--", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode != 0 or not said:
        raise StackError(f"wrk failed: {(done.stderr or done.stdout).strip()[-300:]}")
    result: dict[str, float] = json.loads(said[0].removeprefix("RESULT "))
    if result["failed"] or not result["requests"]:
        asked = f"{arguments[0]} {base}{arguments[1]}"
        raise StackError(f"{asked}: {result['failed']} of {result['requests']} answers were errors")
    return result


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of request. `path` has %s in place of one of the `ids`; `tokens` are used in turn."""

    method: str
    path: str
    tokens: Sequence[str]
    ids: Sequence[int] = ()
    connections: int = CONNECTIONS

    def slice(self, base: str, seconds: float) -> float:
        """Answers per second of one server. Raises StackError."""
        arguments = [self.method, self.path, str(len(self.ids)), *map(str, self.ids), *self.tokens]
        result = run_wrk(SCRIPT, base, self.connections, seconds, arguments)
        rate: float = result["requests"] / result["seconds"]
        return rate

    def rounds(self, servers: Mapping[str, str], rounds: int, seconds: float) -> dict[str, list[float]]:
        """Answers per second of each server, round by round, in turn; the first round is a warm-up."""
        rates: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(rounds + 1):
            for name, base in servers.items():
                rate = self.slice(base, seconds if number else min(1.0, seconds))
                if number:
                    rates[name].append(rate)
        return rates


def median_ratio(rates: Shares, ours: str, theirs: str) -> float:
    """The median of ours / theirs over all rounds."""
    return statistics.median(a / b for a, b in zip(rates[ours], rates[theirs], strict=True))
