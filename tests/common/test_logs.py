"""The output of log lines, and its failures. For their content see test_log_canaries.py."""

import asyncio
import errno
import io
import json
import logging
import sys

import pytest
import structlog

from common.background import background_tasks
from common.logs import Form, configure_logging
from tests.common.conftest import probe_app, probing
from tests.waiting import eventually


class Disk(io.StringIO):
    """An output that can be full."""

    def __init__(self) -> None:
        super().__init__()
        self.full = True
        self.tried = 0

    def flush(self) -> None:
        self.tried += 1
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write(self, text: str) -> int:
        self.flush()
        return super().write(text)


def full_disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Use it in a test's body: pytest's capturing replaces stdout after each fixture."""
    made = Disk()
    monkeypatch.setattr(sys, "stdout", made)
    return made


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_line_that_cannot_be_written_is_counted_and_is_no_trouble(
    form: Form, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = full_disk(monkeypatch)
    sink = configure_logging("probe", "info", form)
    structlog.get_logger().warning("ours")
    logging.getLogger("somebody").warning("theirs")
    assert sink.failures == disk.tried == 4, "each line is written, and flushed"
    assert capsys.readouterr().err == ""
    disk.full = False
    structlog.get_logger().warning("later")
    assert "later" in disk.getvalue()
    assert sink.failures == 4


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_has_no_local_variables(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    """S-46: they may be passwords."""

    def fail(password: str) -> None:
        raise RuntimeError(str(len(password)))

    configure_logging("probe", "info", form)
    try:
        fail("-".join(["correct", "horse"]))
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("somebody").exception("failed")
    told = capsys.readouterr().out
    assert told.count("RuntimeError") >= 2
    assert "correct-horse" not in told


async def test_requests_are_answered_on_a_full_disk_and_the_metric_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = full_disk(monkeypatch)
    async with probing(probe_app()) as client:
        before = disk.tried
        assert (await client.get("/probe/who")).status_code == 200
        assert disk.tried > before
        disk.full = False
        assert f"\nlog_failures {disk.tried}.0\n" in (await client.get("/metrics")).text
        assert (await client.get("/probe/items/7")).status_code == 200
    paths = [json.loads(line).get("path") for line in disk.getvalue().splitlines()]
    assert "/probe/items/7" in paths


async def test_a_loop_outlives_the_warnings_that_it_cannot_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ready process whose background task has ended is worse than a process that has ended."""
    full_disk(monkeypatch)
    configure_logging("probe", "info", "json")
    tries = 0

    async def work() -> None:
        nonlocal tries
        while True:
            tries += 1
            try:
                raise ConnectionError("the database is away")
            except OSError as error:
                structlog.get_logger().warning("not read", error_type=type(error).__name__)
            await asyncio.sleep(0)

    async with background_tasks(work()):
        await eventually(lambda: tries > 3)
