"""npm's `oidc-provider`, a provider of OpenID Connect that nobody here wrote, in a process of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.system.conftest import ROOT, free_ports

PROGRAM: Final = Path(__file__).with_suffix(".mjs")
INSTALLED: Final = ROOT / ".local" / "clients" / "oidc_provider"
"""Ignored by git. Installed packages stay there for the next run."""
PACKAGE: Final = "oidc-provider@9.13.3"
QUIETLY: Final = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
SECRET: Final = "a secret: with + and %"


@contextmanager
def running(callback: str, algorithm: str = "ES256", way: str = "client_secret_basic") -> Iterator[str]:
    """Its issuer. The client `site` has SECRET, and its people return to `callback`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail("there is no Node here")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    if not (INSTALLED / "node_modules" / "oidc-provider").is_dir():
        install = ("npm", "install", "--prefix", ".", *QUIETLY, PACKAGE)
        subprocess.run(install, cwd=INSTALLED, check=True, timeout=300)
    shutil.copy(PROGRAM, INSTALLED)
    port = free_ports(1)
    command = ("node", PROGRAM.name, str(port), callback, algorithm, way)
    with subprocess.Popen(command, cwd=INSTALLED, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as node:
        assert node.stdout is not None
        said = []
        for line in node.stdout:
            said.append(line)
            if line.strip() == "ready":
                break
        else:
            pytest.fail("".join(said))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            node.terminate()
