import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.local.processes import ProcessId, spawn
from deploy.local.supervisor import STOP_PATIENCE, Supervised
from tests.timing import Within, also_timed
from tests.waiting import wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
LINGER = """
import pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGINT, lambda *_: None)
(folder / "ready").touch()
while not (folder / "may-end").exists():
    time.sleep(0.01)
"""
"""Goes on after a signal to stop."""

DIE = [sys.executable, "-c", "raise SystemExit(3)"]


def supervised(command: list[str], told: list[str]) -> Supervised:
    def start() -> subprocess.Popen[bytes]:
        return spawn(command, log=subprocess.DEVNULL, on_our_death=signal.SIGKILL)

    return Supervised("stub", start, told.append)


@also_timed
def test_a_process_that_is_killed_runs_again_within_a_second(within: Within) -> None:
    told: list[str] = []
    program = supervised(SLEEP, told)
    program.tick()
    first = program.id
    assert first
    assert first.is_alive()
    assert program.process
    program.process.kill()

    def runs_again() -> bool:
        program.tick()
        return program.running and program.id != first

    with within(1):
        wait_until(runs_again)
    assert told == ["stub was ended by SIGKILL; starting it again"]
    program.force_to_stop()


def test_one_that_keeps_dying_gets_growing_pauses_and_the_log_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=1000.0)
    frozen = SimpleNamespace(monotonic=lambda: clock.now, time=lambda: clock.now)
    monkeypatch.setattr("deploy.local.supervisor.time", frozen)
    told: list[str] = []
    program = supervised(DIE, told)
    for pause in (0.1, 0.2, 0.4, 0.8):
        assert program.tick(), "it starts"
        assert program.process
        program.process.wait()
        assert program.tick(), "its end is seen"
        clock.now += pause - 0.01
        assert not program.tick(), "it waits"
        clock.now += 0.02
    assert told == [
        "stub ended with exit code 3; starting it again",
        "stub ended with exit code 3; end 2 in a row, again in 0.2 s",
        "stub ended with exit code 3; end 3 in a row, again in 0.4 s",
        "stub ended with exit code 3; end 4 in a row, again in 0.8 s",
    ]


def test_a_program_that_is_not_there_is_tried_again_and_told() -> None:
    told: list[str] = []
    program = supervised(["/nowhere/at/all"], told)
    program.tick()
    assert "stub cannot start" in told[0]


def lingering(folder: Path, told: list[str]) -> Supervised:
    """A process that has been asked to stop, and then to run again, and still stops."""
    program = supervised([sys.executable, "-c", LINGER, str(folder)], told)
    program.tick()
    wait_until((folder / "ready").exists)
    assert program.let_run(False)
    assert program.let_run(True)
    assert not program.tick()
    assert program.running
    return program


def test_one_that_is_started_while_it_stops_is_no_crash(tmp_path: Path) -> None:
    told: list[str] = []
    program = lingering(tmp_path, told)
    (tmp_path / "may-end").touch()
    wait_until(lambda: not program.running)
    assert program.tick(), "its end is seen"
    assert (program.restarts, program.deaths, program.last_end) == (0, 0, "was stopped")
    (tmp_path / "may-end").unlink()
    assert program.tick(), "it starts, without a pause"
    assert program.running
    assert told == ["stub is being stopped"]
    program.force_to_stop()


def test_one_that_is_started_while_it_stops_and_hangs_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=1000.0)
    frozen = SimpleNamespace(monotonic=lambda: clock.now, time=lambda: clock.now)
    monkeypatch.setattr("deploy.local.supervisor.time", frozen)
    told: list[str] = []
    program = lingering(tmp_path, told)
    clock.now += STOP_PATIENCE - 1
    program.let_run(False)
    program.let_run(True)
    program.tick()
    assert program.running, "the first request counts"
    clock.now += 2
    program.tick()
    assert not program.running
    assert program.tick(), "its end is seen"
    assert program.tick(), "it starts"
    assert program.running
    assert (program.restarts, program.deaths) == (0, 0)
    assert told == ["stub is being stopped", "stub is being stopped", "stub does not stop; ending it by force"]
    program.force_to_stop()


def test_a_process_is_not_mistaken_for_another_with_its_pid() -> None:
    program = subprocess.Popen(SLEEP)
    try:
        assert ProcessId.of(program.pid).is_alive()
        assert not ProcessId(program.pid, "started at another time").is_alive()
        assert ProcessId(program.pid, "started at another time").end([signal.SIGKILL], 1)
        assert program.poll() is None
    finally:
        program.kill()
        program.wait()


def test_a_zombie_counts_as_gone() -> None:
    program = subprocess.Popen(DIE)
    noted = ProcessId.of(program.pid)
    wait_until(lambda: not noted.is_alive())
    program.wait()
