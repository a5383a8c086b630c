"""npm's `oidc-provider`, a provider of OpenID Connect that nobody here wrote, in a process of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from deploy.local.ports import free_port
from tests.npm import installed

PROGRAM: Final = Path(__file__).with_suffix(".mjs")
PACKAGE: Final = "oidc-provider@9.13.3"
SECRET: Final = "a secret: with + and %"


@contextmanager
def running(callback: str, algorithm: str = "ES256", way: str = "client_secret_basic") -> Iterator[str]:
    """Its issuer. The client `site` has SECRET, and its people return to `callback`."""
    folder, port = installed(PROGRAM, PACKAGE), free_port()
    command = ("node", PROGRAM.name, str(port), callback, algorithm, way)
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as node:
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
