"""The start of a process."""

import subprocess
import sys
from pathlib import Path

COMMANDS = """
import gc

print("importing", gc.isenabled())


def cli():
    print("running", gc.isenabled(), gc.get_freeze_count() > 0)
"""


RICH_COMMANDS = """
import structlog
import sys

print(sorted(name for name in sys.modules if name.startswith("rich.")))


def cli():
    from rich.console import Console

    print(Console.__name__)
"""


def what_it_says(folder: Path, commands: str) -> list[str]:
    (folder / "commands_of_a_test.py").write_text(commands)
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\nfrom common.serving.start import run\n"
    command = [sys.executable, "-c", f"{start}run('commands_of_a_test')"]
    return subprocess.check_output(command, text=True, timeout=60).splitlines()


def test_garbage_is_collected_only_after_the_imports(tmp_path: Path) -> None:
    assert what_it_says(tmp_path, COMMANDS) == ["importing False", "running True True"]


def test_rich_is_loaded_only_when_it_is_used(tmp_path: Path) -> None:
    assert what_it_says(tmp_path, RICH_COMMANDS) == ["[]", "Console"]
