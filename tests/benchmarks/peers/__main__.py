"""`make bench-peers PEERS=peers.toml`: servers that already run, side by side, request by request.

All servers answer a slice of load in turn, round by round, since a machine's speed drifts. The first server of the file
is the one that the others are compared with: `ratio` is the median of its rate over theirs, so above 1 it is faster.
"""

import json
import os
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.local.errors import StackError
from tests.benchmarks.load import run_wrk
from tests.benchmarks.report import figure

SCRIPT: Final = Path(__file__).with_name("request.lua")
COLUMNS: Final = ("rps", "ratio", "p50_ms", "p99_ms", "cpu_us", "rss_mib")
TICKS: Final = os.sysconf("SC_CLK_TCK")


class Strict(BaseModel):
    """A table of the file. A misspelt name is refused."""

    model_config = ConfigDict(extra="forbid")


class Request(Strict):
    """One kind of request. Requests of the same name are compared."""

    url: str = Field(pattern="^http://")
    """With %s for one of the `ids`."""
    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    ids: list[int | str] = []
    body: str = ""
    """With %s for a text that was never sent before."""
    headers: dict[str, str] = {}


class Server(Strict):
    """A server that runs."""

    name: str
    pids: list[int] = []
    """Its processes, to measure processor time and memory; none to leave that out."""
    headers_command: str = ""
    """A shell command, run before each slice, which prints headers as JSON: for tokens that expire."""
    requests: dict[str, Request]


class Peers(Strict):
    """The file."""

    rounds: int = Field(7, ge=1)
    seconds: int = Field(2, ge=1)
    """Length of a slice; wrk takes whole seconds."""
    connections: list[int] = [8]
    servers: list[Server] = Field(min_length=2)


@dataclass
class Figures:
    """One server's slices of one kind of request."""

    rps: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)

    def row(self, first: "Figures") -> dict[str, float]:
        ratio = statistics.median(ours / theirs for ours, theirs in zip(first.rps, self.rps, strict=True))
        found = {name: statistics.median(values) for name, values in vars(self).items() if values}
        return {**found, "ratio": ratio}


def read(path: Path) -> Peers:
    """Raises StackError: the file is not as described."""
    try:
        return Peers.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise StackError(f"{path}: {error}") from error


def slice_of(server: Server, request: Request, connections: int, seconds: int, figures: Figures) -> None:
    """Add a slice's figures.

    Raises:
        StackError: an answer was an error, so the speed is meaningless; or the file names what is not there.
    """
    headers = {**request.headers, **headers_of(server)}
    parts = urlsplit(request.url)
    path = request.url.removeprefix(f"{parts.scheme}://{parts.netloc}")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    arguments = [request.method, path, request.body, str(len(request.ids)), *map(str, request.ids), *lines]
    before = cpu_seconds(server.pids)
    result = run_wrk(SCRIPT, f"http://{parts.netloc}", connections, seconds, arguments)
    used = cpu_seconds(server.pids) - before
    figures.rps.append(result["requests"] / result["seconds"])
    figures.p50_ms.append(result["p50_ms"])
    figures.p99_ms.append(result["p99_ms"])
    if server.pids:
        figures.cpu_us.append(used / result["requests"] * 1e6)
        figures.rss_mib.append(rss_mib(server.pids))


def headers_of(server: Server) -> dict[str, str]:
    """The headers that its command prints. Raises StackError."""
    if not server.headers_command:
        return {}
    try:
        done = subprocess.run(server.headers_command, shell=True, check=True, capture_output=True, text=True)  # noqa: S602  # the file's author runs it
        headers: dict[str, str] = json.loads(done.stdout)
    except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
        raise StackError(f"headers_command of {server.name}: {error}") from error
    return headers


def of_process(pid: int, name: str) -> str:
    """A file of /proc. Raises StackError."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except FileNotFoundError as error:
        raise StackError(f"pids: there is no process {pid}") from error


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time of processes so far, user and system. Raises StackError."""
    ticks = (of_process(pid, "stat").rpartition(")")[2].split()[11:13] for pid in pids)
    return sum(int(user) + int(system) for user, system in ticks) / TICKS


def rss_mib(pids: Sequence[int]) -> float:
    pages = (int(of_process(pid, "statm").split()[1]) for pid in pids)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def compare(peers: Peers, name: str, connections: int) -> dict[str, dict[str, float]]:
    """Figures of all servers that have this kind of request, by server."""
    asked = {server.name: (server, server.requests[name]) for server in peers.servers if name in server.requests}
    figures = {server: Figures() for server in asked}
    for round_number in range(peers.rounds + 1):
        for server, (which, request) in asked.items():
            warm_up = round_number == 0
            kept = Figures() if warm_up else figures[server]
            slice_of(which, request, connections, 1 if warm_up else peers.seconds, kept)
    first = next(iter(figures.values()))
    return {server: found.row(first) for server, found in figures.items()}


def table(title: str, rows: dict[str, dict[str, float]]) -> str:
    lines = [f"{title:<28}" + "".join(f"{column:>10}" for column in COLUMNS)]
    for server, row in rows.items():
        cells = (figure(row[column]) if column in row else "" for column in COLUMNS)
        lines.append(f"  {server:<26}" + "".join(f"{cell:>10}" for cell in cells))
    return "\n".join(lines)


def main(path: Path) -> None:
    peers = read(path)
    results: list[dict[str, Any]] = []
    for name in dict.fromkeys(name for server in peers.servers for name in server.requests):
        for connections in peers.connections:
            rows = compare(peers, name, connections)
            results.append({"name": name, "connections": connections, "servers": rows})
            sys.stdout.write(table(f"{name}, {connections} connections", rows) + "\n")
            sys.stdout.flush()
    Path(".local").mkdir(exist_ok=True)
    Path(".local/bench-peers.json").write_text(json.dumps({"results": results}, indent=1))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except StackError as error:
        sys.exit(f"bench-peers | {error}")
