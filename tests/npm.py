"""Programs for Node that use a package of npm's, in a folder of their own."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[1] / ".local" / "clients"
"""Ignored by git. Installed packages stay there for the next run."""
QUIETLY: Final = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")


def installed(program: Path, package: str) -> Path:
    """The folder with the program and its package, such as `otplib@13.5.0`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail("there is no Node here: apt-get install nodejs npm")
    folder = FOLDER / program.stem
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / package.partition("@")[0]).is_dir():
        install = ("npm", "install", "--prefix", ".", *QUIETLY, package)
        subprocess.run(install, cwd=folder, check=True, timeout=300)
    shutil.copy(program, folder)
    return folder
