"""libfaketime: gives a single process a wrong clock, which can be set while the process runs."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.system.faults.report import ROOT

PACKAGE = "libfaketime"
LIBRARY = "usr/lib/*/faketime/libfaketime.so.1"


def libfaketime() -> Path | None:
    """Its path on this machine, or in `.local` after a download of its Debian package; None if unavailable."""
    folder = ROOT / ".local" / "faketime"
    found = [*Path("/").glob(LIBRARY), *folder.glob(LIBRARY)]
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg")
    if not found and apt and dpkg:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([apt, "download", PACKAGE], cwd=folder, capture_output=True, check=False)
        for package in folder.glob(f"{PACKAGE}*.deb"):
            subprocess.run([dpkg, "-x", package, folder], capture_output=True, check=False)
        found = [*folder.glob(LIBRARY)]
    return found[0] if found else None


class FakeTime:
    """The clock of one process, controlled by a file."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library, self._file = library, file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Set the skew from the machine's clock; the process reads it within a second."""
        self._file.write_text(f"{seconds:+d}\n")

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # clocks jump once, and then run normally
        }
