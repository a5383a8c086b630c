"""Virtual environments below .local: the packages that run, the tools that inspect them, and generators of clients."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".local" / "release"
RUNTIME_LOCK: Final = ROOT / "requirements.lock"
TOOLS_LOCK: Final = ROOT / "requirements-release.lock"
GENERATORS_LOCK: Final = ROOT / "requirements-clients.lock"


def runtime() -> Path:
    """The Python of an environment with only the packages of requirements.lock."""
    return installed(FOLDER / "runtime", RUNTIME_LOCK)


def tool(name: str) -> Path:
    """A program of requirements-release.lock."""
    return installed(FOLDER / "tools", TOOLS_LOCK).with_name(name)


def generator(name: str) -> Path:
    """A program of requirements-clients.lock."""
    return installed(FOLDER / "generators", GENERATORS_LOCK).with_name(name)


def installed(folder: Path, lock: Path) -> Path:
    """Created again if the lock has changed; the stamp is written last."""
    stamp, wanted = folder / "stamp", lock.read_text(encoding="utf-8")
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        command: list[str | Path] = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--require-hashes",
            "-r",
            lock,
        ]
        subprocess.run(command, check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python
