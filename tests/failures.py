"""Shortens reports of failed tests to the message and the newest log lines. The rest is in a file."""

import asyncio
import gc
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / ".local" / "test-logs"
MOST_LINES: Final = 40
MOST_OF_A_TRACE: Final = 120
WIDTH: Final = 400


def clipped(lines: Iterable[str]) -> list[str]:
    return [line if len(line) <= WIDTH else f"{line[:WIDTH]} … {len(line) - WIDTH} more" for line in lines]


def newest(text: str) -> str:
    """The last lines of a log."""
    lines = text.splitlines()
    left_out = [f"… {len(lines) - MOST_LINES} lines before these"] if len(lines) > MOST_LINES else []
    return "\n".join(left_out + clipped(lines[-MOST_LINES:]))


def calls(awaited: Any) -> Iterator[str]:
    """The calls that lead from a coroutine to what it awaits, as file:line."""
    while awaited is not None:
        kind = next((kind for kind in ("cr", "ag", "gi") if hasattr(awaited, f"{kind}_frame")), None)
        frame = kind and getattr(awaited, f"{kind}_frame")
        if not frame:
            return
        yield f"{frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
        awaited = getattr(awaited, {"cr": "cr_await", "ag": "ag_await", "gi": "gi_yieldfrom"}[str(kind)])


def waiting_tasks() -> str:
    """What each task of asyncio waits for, those of tests last. A stack shows only that the loop waits."""
    tasks = [one for one in gc.get_objects() if isinstance(one, asyncio.Task) and not one.done()]
    lines = [" > ".join(calls(task.get_coro())) for task in tasks]
    return "\n".join(sorted(lines, key=lambda line: "test_" in line))


def shorten(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Keep the message and the end of each log, and name the file of the full report."""
    trace, logs = report.longreprtext, list(report.sections)
    lines = trace.splitlines()
    if len(lines) > MOST_OF_A_TRACE or max(map(len, lines), default=0) > WIDTH:
        half = MOST_OF_A_TRACE // 2
        left_out = [f"… {len(lines) - 2 * half} lines …"] if len(lines) > 2 * half else []
        kept = [*lines[:half], *left_out, *lines[max(half, len(lines) - half) :]]
        report.longrepr = "\n".join(clipped(kept))
    report.sections = [(name, newest(text)) for name, text in logs]
    if report.longreprtext != trace or report.sections != logs:
        path = FOLDER / (re.sub(r"[^\w.-]+", "_", report.nodeid)[-150:] + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([trace, *(f"--- {name}\n{text}" for name, text in logs)]))
        report.sections.append(("All of it", str(path)))
