import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.processes import ProcessId, spawn
from deploy.local.supervisor import Supervised

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DIE = [sys.executable, "-c", "raise SystemExit(3)"]


def supervised(command: list[str], told: list[str]) -> Supervised:
    def start() -> subprocess.Popen[bytes]:
        return spawn(command, log=subprocess.DEVNULL, on_our_death=signal.SIGKILL)

    return Supervised("stub", start, told.append)


def watch(program: Supervised, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        program.tick()
        time.sleep(0.01)


def test_a_process_that_is_killed_runs_again_within_a_second() -> None:
    told: list[str] = []
    program = supervised(SLEEP, told)
    program.tick()
    first = program.id
    assert first
    assert first.is_alive()
    assert program.process
    program.process.kill()
    watch(program, 0.9)
    assert program.id
    assert program.id.is_alive()
    assert program.id != first
    assert told == ["stub was ended by SIGKILL; starting it again"]
    program.force_to_stop()


def test_one_that_keeps_dying_gets_growing_pauses_and_the_log_says_so() -> None:
    told: list[str] = []
    program = supervised(DIE, told)
    watch(program, 1.2)
    assert 3 <= program.deaths <= 5
    assert told[0] == "stub ended with exit code 3; starting it again"
    assert told[2] == "stub ended with exit code 3; end 3 in a row, again in 0.4 s"
    program.force_to_stop()


def test_a_program_that_is_not_there_is_tried_again_and_told() -> None:
    told: list[str] = []
    program = supervised(["/nowhere/at/all"], told)
    program.tick()
    assert "stub cannot start" in told[0]


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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_zombie_counts_as_gone() -> None:
    program = subprocess.Popen(DIE)
    noted = ProcessId.of(program.pid)
    deadline = time.monotonic() + 5
    while noted.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not noted.is_alive()
    program.wait()
