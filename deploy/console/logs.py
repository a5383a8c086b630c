"""The logs of all processes as one list, the newest first, with filters. Nothing is kept in memory."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

MOST: Final = 300
"""Lines of an answer."""

NEAR: Final = 512 * 1024
FAR: Final = 16 * 1024 * 1024
"""Bytes read from the end of each file: without a search, and with one."""

BLOCK: Final = 256 * 1024
BEGINNINGS: Final = (b"{", b"20", b"\x1b[2m20")
"""Of JSON, and of a time, which structlog prints dim."""

LEVELS: Final = ("debug", "info", "warning", "error")
OTHER_WORDS: Final = {"warn": "warning"} | dict.fromkeys(("critical", "exception", "fatal", "panic"), "error")
"""Of Caddy, structlog and PostgreSQL; the rest of theirs counts as `info`."""

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
CONSOLE_LINE: Final = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\S+) +\[(?P<level>\w+) *\] (?P<event>.*)")
"""structlog's lines for people, which `make up` writes."""

POSTGRES_LINE: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \S+) (?P<zone>\S+) \[\d+\][^A-Z]*(?P<level>[A-Z]+): +(?P<event>.*)"
)
PAIR: Final = re.compile(r"\b(request_id|trace_id)=(\S+)")
HEAD: Final = ("event", "msg", "level", "timestamp", "ts", "service", "request_id", "trace_id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters; an empty one lets everything through. `process` may be a service."""

    process: str = ""
    level: str = ""
    text: str = ""
    request: str = ""
    trace: str = ""

    @property
    def words(self) -> list[bytes]:
        """What a line must hold."""
        return [word.lower().encode() for word in (self.text, self.request, self.trace) if word]

    def lets_through(self, line: dict[str, Any]) -> bool:
        """Whether a parsed line is wanted."""
        if self.level and LEVELS.index(line["level"]) < LEVELS.index(self.level):
            return False
        return self.request in ("", line["request_id"]) and self.trace in ("", line["trace_id"])


def lines(folder: Path, wanted: Wanted) -> list[dict[str, Any]]:
    """The newest lines of all processes that pass the filters, the newest first."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.log")):
        if wanted.process in ("", path.stem, path.stem.partition("-")[0]):
            found += _newest(path, wanted)
    found.sort(key=lambda line: line["time"], reverse=True)
    return found[:MOST]


def _newest(path: Path, wanted: Wanted) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for raw in _entries(path, FAR if wanted.words else NEAR):
        lowered = raw.lower()
        if all(word in lowered for word in wanted.words):
            line = parsed(path.stem, raw.decode(errors="replace"))
            if wanted.lets_through(line):
                found.append(line)
                if len(found) == MOST:
                    break
    return found


def _entries(path: Path, most: int) -> Iterator[bytes]:
    """The entries of a file from its end on: a line, and those after it that have no beginning of their own."""
    after: list[bytes] = []
    for row in _rows(path, most):
        after.append(row)
        if row.startswith(BEGINNINGS):
            yield b"\n".join(reversed(after))
            after = []
    if after:
        yield b"\n".join(reversed(after))


def _rows(path: Path, most: int) -> Iterator[bytes]:
    """The lines of the last bytes of a file, the last line first, read in blocks to keep our memory small."""
    try:
        file = path.open("rb")
    except FileNotFoundError:  # deleted meanwhile
        return
    with file:
        end, cut = file.seek(0, os.SEEK_END), b""
        stop = max(0, end - most)
        while end > stop:
            start = max(stop, end - BLOCK)
            file.seek(start)
            cut, *rows = (file.read(end - start) + cut).split(b"\n")
            yield from filter(None, reversed(rows))
            end = start
        if cut and not stop:
            yield cut


def parsed(process: str, raw: str) -> dict[str, Any]:
    """A line as the page shows it: JSON of services and Caddy, structlog's text, or PostgreSQL's."""
    try:
        read = json.loads(raw) if raw.startswith("{") else None
    except ValueError:
        read = None
    if not isinstance(read, dict):
        return _from_text(process, COLOURS.sub("", raw))
    return {
        "time": _moment(read.get("timestamp") or read.get("ts")),
        "process": process,
        "level": _level(read.get("level")),
        "event": str(read.get("event") or read.get("msg") or ""),
        "request_id": read.get("request_id"),
        "trace_id": read.get("trace_id"),
        "more": {key: value for key, value in read.items() if key not in HEAD},
    }


def _from_text(process: str, text: str) -> dict[str, Any]:
    found = CONSOLE_LINE.match(text) or POSTGRES_LINE.match(text)
    told = found.groupdict() if found else {"time": "", "level": "info", "event": text}
    pairs = dict(PAIR.findall(text))
    return {
        "time": _moment(told["time"].replace(" ", "T") + ("+00:00" if told.get("zone") in ("UTC", "GMT") else "")),
        "process": process,
        "level": _level(told["level"]),
        "event": text[found.start("event") :].strip() if found else text,
        "request_id": pairs.get("request_id"),
        "trace_id": pairs.get("trace_id"),
        "more": {},
    }


def _level(word: object) -> str:
    level = str(word or "info").lower()
    level = OTHER_WORDS.get(level, level)
    return level if level in LEVELS else "info"


def _moment(told: object) -> float:
    """Seconds since 1970; 0 if the line does not say."""
    if isinstance(told, int | float):
        return float(told)
    try:
        read = datetime.fromisoformat(str(told))
    except ValueError:
        return 0.0
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
