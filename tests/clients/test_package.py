"""The package that is published."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

from common import __version__
from deploy.clients.made import CLIENTS


def test_the_wheel_has_its_types_licence_and_readme(tmp_path: Path) -> None:
    hatchling = Path(sys.executable).with_name("hatchling")
    command = [str(hatchling), "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=CLIENTS / "python", check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        folder = f"trivium_client-{__version__}.dist-info"
        metadata = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert {"trivium_client/py.typed", f"{folder}/licenses/LICENSE"} <= names
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("MIT", ">=3.11")
    assert str(metadata.get_payload()).startswith("# trivium-client")
    assert {name.partition("/")[0] for name in names} == {"trivium_client", folder}
