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


def test_garbage_is_collected_only_after_the_imports(tmp_path: Path) -> None:
    (tmp_path / "commands_of_a_test.py").write_text(COMMANDS)
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom common.serving.start import run\n"
    said = subprocess.check_output([sys.executable, "-c", f"{start}run('commands_of_a_test')"], text=True, timeout=60)
    assert said.splitlines() == ["importing False", "running True True"]
